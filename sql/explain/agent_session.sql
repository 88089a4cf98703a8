-- Grain: voice session of a resource in a slice, as read, rejected ones too.
-- Input: _data.voice_session; $day, $resource_key.
select sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active
from _data.voice_session
where day = $day::date
  and resource_key = $resource_key
order by start_ts nulls first, end_ts, sm_res_session_fact_key, start_date_time_key
