-- Resources whose sessions end after the day: only their activities of that time can matter.
-- Input: slice_session; $after is the end of the day.
select distinct resource_key
from slice_session
where not is_rejected
  and until_ts > $after
order by resource_key
