-- Of a repeated primary key only the newest copy stays: by update_audit_key, then by order of arrival.
-- Inputs: _stage.gim.irf_user_data_gen_1, repeated_irf_user_data_gen_1.
delete from _stage.gim.irf_user_data_gen_1
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.interaction_resource_id, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.irf_user_data_gen_1 as f
        semi join _stage.gim.repeated_irf_user_data_gen_1 as r using (interaction_resource_id, start_date_time_key)
    )
    where age > 1
)
