-- Grain: leg that only tells a switch (R5), as read. For the sweep (R12).
-- Input: _data.other_leg; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name
from _data.other_leg
where day = $day::date
