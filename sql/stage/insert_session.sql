-- The sessions of the slice, in the order of the source, which is nearly that of time.
insert into _data.voice_session
select $day::date,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key
from slice_session
