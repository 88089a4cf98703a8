-- Rows of another tenant about the same resources.
insert into sm_res_session_fact
select sm_res_session_fact_key + 2000000000000, start_date_time_key, end_date_time_key, 3 - tenant_key, media_type_key,
       resource_key, 0, 1, 100000000000, start_ts, end_ts, 0, 0, 0, active_flag
from sm_res_session_fact
where sm_res_session_fact_key % 5 = 4;

insert into interaction_resource_fact
select interaction_resource_id + 2000000000000, start_date_time_key, end_date_time_key, 3 - tenant_key, 1, 1, 0, 0,
       resource_key, media_resource_key, 0, start_ts, end_ts, active_flag, 1, 100000000000
from interaction_resource_fact
where interaction_resource_id % 5 = 4;

insert into contact_attempt_fact
select contact_attempt_fact_key + 2000000000000, 3 - tenant_key, 1, 100000000000, 1, start_date_time_key, end_date_time_key,
       dialing_mode_key, 0, resource_key, call_attempt_id, callid, start_ts, end_ts
from contact_attempt_fact
where contact_attempt_fact_key % 5 = 4;
