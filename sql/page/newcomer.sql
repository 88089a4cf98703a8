-- Grain: day x region with agents who qualify there for the first time in the day's month (R9), by day.
-- Input: _data.qualifying_session; days whose rows were dropped are not in it.
with earliest as (
    select region,
           agent,
           min(day) as day
    from _data.qualifying_session
    group by region, agent, date_trunc('month', day)
)
select day::varchar,
       region,
       count(*) as agents
from earliest
group by day, region
order by day, region
