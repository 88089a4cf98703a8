-- Grain: number that was counted of a month's rows and is not issued, as it was counted, as final; '' where no file says it at all.
-- Inputs: _data.daily_concurrent, _data.monthly_enabled, _data.issued_file; $month.
with counted as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents
    from _data.daily_concurrent
    where location is null
      and strftime(day, '%Y-%m') = $month
    union all
    select region,
           'enabled',
           month,
           agents
    from _data.monthly_enabled
    where month = $month
),
standing as (
    select region,
           measure,
           period,
           arg_max(state, revision) as state,
           arg_max(value, revision) as agents
    from _data.issued_file
    group by region,
             measure,
             period
)
select c.region,
       c.period,
       c.agents,
       coalesce(s.state, '') as state
from counted as c
left join standing as s on s.region = c.region
    and s.measure = c.measure
    and s.period = c.period
    and s.agents = c.agents
where s.state is distinct from 'final'
order by c.period,
         c.region
