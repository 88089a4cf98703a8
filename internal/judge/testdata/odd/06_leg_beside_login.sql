-- Legs, on the agent's own DN, that reach into a login by no second, one or two; that begin a second before the logout, in
-- its second, or after it; and long ones that outlast it. What is attached to them comes in 09.
insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
    media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
select 1000000000000 + sm_res_session_fact_key, at - at % 900, tenant_key, 1, resource_key,
       resource_key / 4 * 4 + 2, at, at + seconds, 0, 1, 100000000000
from (
    select s.*,
           case when kind < 3 then start_ts - 1 - luck % 5400
                when kind < 6 then end_ts + kind - 4
                else end_ts - 1 - luck % 5400 end as at,
           case when kind < 3 then kind + 1 + luck % 5400
                when kind < 6 then 0
                else luck % 90000 end as seconds
    from (
        select *, sm_res_session_fact_key % 8 as kind, sm_res_session_fact_key::bigint * 7919 as luck
        from sm_res_session_fact
    ) as s
) as leg
where sm_res_session_fact_key % 3 > 0
  and resource_key between 1000 and 100000
  and start_ts is not null
  and end_ts between start_ts and 2000000000;
