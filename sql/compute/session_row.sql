-- Grain: voice session of the slice, as read. For the sweep (R12).
-- Input: _data.voice_session; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag
from _data.voice_session
where day = $day::date
