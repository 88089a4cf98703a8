-- Grain: stay that is not wholly inside the day ($from, $to): activities of its resource before or after the day can
-- matter while it lasts.
-- Input: stay.
select resource_key,
       start_ts,
       until_ts
from stay
where start_ts < $from
   or until_ts > $to
