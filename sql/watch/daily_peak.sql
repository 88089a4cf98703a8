-- Grain: day x region that was counted (R8), by day. Numbers stay when a day's rows are dropped.
select day::varchar,
       region,
       agents
from _data.daily_concurrent
where location is null
order by day, region
