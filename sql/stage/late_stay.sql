-- Grain: resource whose sessions end after the day, with the time that they span there: only its activities of
-- that time can matter.
-- Input: slice_session; $edge is the end of the day.
select resource_key,
       min(start_ts),
       max(until_ts)
from slice_session
where not is_rejected
  and until_ts > $edge
group by resource_key
order by resource_key
