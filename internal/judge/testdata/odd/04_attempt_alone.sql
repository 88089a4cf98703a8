-- Logins in which records are previewed and nothing is dialled, or something is, without the agent.
insert into contact_attempt_fact (contact_attempt_fact_key, tenant_key, create_audit_key, update_audit_key, media_type_key,
    start_date_time_key, end_date_time_key, dialing_mode_key, resource_key, start_ts, end_ts)
select 1000000000000 + sm_res_session_fact_key, tenant_key, 1, 100000000000, 1,
       at - at % 900, 0, 1 + sm_res_session_fact_key % 4, resource_key, at, at + 60
from (
    select *, start_ts + sm_res_session_fact_key::bigint * 7919 % greatest(end_ts - start_ts, 1) as at
    from sm_res_session_fact
) as login
where sm_res_session_fact_key % 3 = 2
  and start_ts is not null
  and end_ts is not null;
