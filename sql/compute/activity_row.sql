-- Grain: activity of the slice, as read. For the sweep (R12), which also counts a reading of the specification in which
-- previews do not count.
-- Input: _data.ocs_activity; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       kind = 'leg' as is_leg
from _data.ocs_activity
where day = $day::date
