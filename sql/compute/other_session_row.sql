-- Grain: voice session beside the slice (R3), as read. For the sweep (R12).
-- Input: _data.other_session; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag
from _data.other_session
where day = $day::date
