-- Grain: activity of the slice, as read. For the sweep (R12).
-- Input: _data.ocs_activity; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name
from _data.ocs_activity
where day = $day::date
