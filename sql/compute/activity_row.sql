-- Grain: activity of the slice, as read. For the sweep (R12).
-- Input: data.ocs_activity; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name
from data.ocs_activity
where day = $day::date
