-- Grain: session that is not wholly inside the day ($from, $to): activities of its resource before or after the day
-- can matter while it runs.
-- Input: slice_session.
select resource_key,
       start_ts,
       until_ts
from slice_session
where not is_rejected
  and (start_ts < $from or until_ts > $to)
