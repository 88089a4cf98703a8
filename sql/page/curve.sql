-- Grain: step of a curve of a day (R8), curve by curve, in order.
-- Input: _data.concurrency; $day.
select region,
       coalesce(location, '') as location,
       start_ts,
       end_ts,
       agents
from _data.concurrency
where day = $day::date
order by region, location, start_ts
