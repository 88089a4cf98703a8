-- Grain: stored number of a region and a day, or a month. For the comparison with what another configuration
-- gives.
-- Inputs: published._data.daily_concurrent, published._data.monthly_enabled; $from, $to (days, both included),
-- $from_month, $to_month (both included).
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
where month between $from_month and $to_month
order by period, measure, region
