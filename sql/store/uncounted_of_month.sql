-- Grain: region x day that the store holds a slice of and no number of the region, or the month where it has none of the region.
-- Inputs: _data.slice, _data.daily_concurrent, _data.monthly_enabled; $month, $regions.
with region as (
    select unnest(from_json($regions, '["VARCHAR"]')) as region
),
wanted as (
    select r.region,
           s.day::varchar as period
    from region as r
    cross join _data.slice as s
    where strftime(s.day, '%Y-%m') = $month
    union all
    select region,
           $month
    from region
),
counted as (
    select region,
           day::varchar as period
    from _data.daily_concurrent
    where location is null
    union all
    select region,
           month
    from _data.monthly_enabled
)
from wanted
anti join counted using (region, period)
order by period,
         region
