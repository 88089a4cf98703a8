-- Of a repeated primary key only the newest copy stays: by update_audit_key, then by order of arrival.
-- Inputs: _stage.gim.contact_attempt_fact, repeated_contact_attempt_fact.
delete from _stage.gim.contact_attempt_fact
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.contact_attempt_fact_key, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.contact_attempt_fact as f
        semi join _stage.gim.repeated_contact_attempt_fact as r using (contact_attempt_fact_key, start_date_time_key)
    )
    where age > 1
)
