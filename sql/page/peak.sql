-- Grain: day x region x location ('' for the region as a whole) that was counted (R8), by day.
select d.day::varchar,
       d.region,
       coalesce(d.location, '') as location,
       d.agents,
       coalesce(d.peak_ts, 0) as peak_ts,
       coalesce(d.peak_seconds, 0) as peak_seconds,
       coalesce(e.agents, 0) as enabled
from _data.daily_concurrent as d
left join _data.enabled_daily as e on e.day = d.day
    and e.region = d.region
order by d.day, d.region, location
