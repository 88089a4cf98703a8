-- Grain: other leg of the slice with its interval (R3, R5). Nearly every slice has none.
-- Inputs: _data.other_leg, open_activity; $day.
create or replace temp table occupied_other_leg as
select resource_key,
       switch_name,
       start_ts,
       greatest(end_ts, start_ts + 1) as end_ts
from _data.other_leg
where day = $day::date
  and coalesce(active_flag, 0) = 0
  and end_ts >= start_ts
union all
select resource_key,
       switch_name,
       start_ts,
       end_ts
from open_activity
where is_other
