-- Grain: day of a range, both ends included, of which the store has another number of a region than the one that is issued and
-- stands (R13). Inputs: _data.daily_concurrent, _data.issued_file; $from, $to.
with standing as (
    select region,
           period,
           arg_max(value, revision) as agents
    from _data.issued_file
    where measure = 'concurrent'
      and period between $from and $to
    group by region,
             period
)
select distinct d.day::varchar as day
from standing as s
join _data.daily_concurrent as d on d.day::varchar = s.period
    and d.region = s.region
    and d.location is null
where d.agents <> s.agents
order by day
