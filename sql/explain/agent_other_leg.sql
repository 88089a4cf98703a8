-- Grain: leg of a resource that only tells a switch (R5), as read.
-- Input: _data.other_leg; $day, $resource_key.
select 'leg' as kind,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active,
       switch_name,
       '' as call_attempt_guid
from _data.other_leg
where day = $day::date
  and resource_key = $resource_key
order by start_ts, activity_key, start_date_time_key
