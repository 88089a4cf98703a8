-- Grain: scope and day. For the comparison of peaks (R12), and for whoever reports them.
-- Input: _data.daily_concurrent; $day.
select region,
       coalesce(location, '') as location,
       agents,
       coalesce(peak_ts, 0) as peak_ts,
       coalesce(peak_seconds, 0) as peak_seconds
from _data.daily_concurrent
where day = $day::date
order by region, location
