-- Of a repeated primary key only the newest copy stays: by update_audit_key, then by order of arrival.
-- Inputs: _stage.gim.interaction_resource_fact, repeated_interaction_resource_fact.
delete from _stage.gim.interaction_resource_fact
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.interaction_resource_id, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.interaction_resource_fact as f
        semi join _stage.gim.repeated_interaction_resource_fact as r using (interaction_resource_id, start_date_time_key)
    )
    where age > 1
)
