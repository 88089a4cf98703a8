-- The sessions of the slice, in a total order: near rows compress, and an agent's rows lie together.
insert into data.voice_session
select $day::date,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key
from slice_session
order by resource_key, start_ts, sm_res_session_fact_key, start_date_time_key
