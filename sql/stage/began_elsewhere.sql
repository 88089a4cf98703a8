-- Grain: resource with an activity without an end that started outside the day: from when to when such ones did.
-- Input: open_activity.
select resource_key,
       min(start_ts),
       max(start_ts)
from open_activity
where began_elsewhere
group by resource_key
order by resource_key
