-- Grain: resource with a stay that reaches out of a span of time ($from, $to).
-- Input: stay.
select distinct resource_key
from stay
where start_ts < $from
   or until_ts > $to
