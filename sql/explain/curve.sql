-- Grain: step of a scope's curve (R8), in order, as it was stored.
-- Input: _data.concurrency; $day, $region, $location ('' for the region as a whole).
select start_ts,
       end_ts,
       agents,
       sessions
from _data.concurrency
where day = $day::date
  and region = $region
  and coalesce(location, '') = $location
order by start_ts
