-- Grain: activity of the slice, as read, with its kind. For the sweep, which counts readings of the
-- specification for which legs and previews differ.
-- Input: _data.ocs_activity; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       kind = 'leg' as is_leg
from _data.ocs_activity
where day = $day::date
