-- Resources whose sessions begin before the day: only their activities of that time can matter.
-- Input: slice_session; $before is the first second of the day.
select distinct resource_key
from slice_session
where not is_rejected
  and start_ts < $before
order by resource_key
