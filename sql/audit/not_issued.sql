-- Grain: number of a region that was computed and stands in no file. Days without a region's row were never
-- computed for it; a month counts once all of its days are asked for.
-- Inputs: published results, _data.issued_file; $from, $to (days, both included).
with computed as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents
    from published._data.daily_concurrent
    where location is null
      and day between $from::date and $to::date
    union all
    select region,
           'enabled',
           month,
           agents
    from published._data.monthly_enabled
)
select c.region,
       c.period,
       c.agents
from computed as c
anti join _data.issued_file as i on i.region = c.region
    and i.measure = c.measure
    and i.period = c.period
order by c.period, c.region
