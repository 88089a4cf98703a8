-- Grain: number that was counted of a region and a day, or a month, with the state of the file that says so; '' where
-- none does, or the one that stands says another number. For a run that catches up.
-- Inputs: _data.daily_concurrent, _data.monthly_enabled, _data.issued_file.
with counted as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents
    from _data.daily_concurrent
    where location is null
    union all
    select region,
           'enabled',
           month,
           agents
    from _data.monthly_enabled
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
select c.period,
       c.region,
       coalesce(s.state, '') as issued
from counted as c
left join standing as s on s.region = c.region
    and s.measure = c.measure
    and s.period = c.period
    and s.agents = c.agents
order by c.period,
         c.region
