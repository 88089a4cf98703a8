-- Grain: voice session of a resource beside a slice, as read: activities without an end started in it (R3).
-- Input: _data.other_session; $day, $resource_key.
select sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active
from _data.other_session
where day = $day::date
  and resource_key = $resource_key
order by start_ts, sm_res_session_fact_key, start_date_time_key
