-- Grain: scope and day (R8): the peak, its first second, and how many seconds it lasts in all. A day without
-- a session, or without a second, is 0.
-- Inputs: _data.concurrency, scope; $day, $state.
insert into _data.daily_concurrent
with step as (
    select c.region,
           c.location,
           s.start_ts,
           s.end_ts,
           coalesce(s.agents, 0) as agents
    from scope as c
    left join _data.concurrency as s on s.day = $day::date
        and s.region = c.region
        and s.location is not distinct from c.location
),
ranked as (
    select *,
           max(agents) over (partition by region, location) as peak
    from step
)
select $day::date,
       region,
       location,
       peak,
       case when peak > 0 then min(start_ts) end,
       case when peak > 0 then sum(end_ts - start_ts)::bigint end,
       $state
from ranked
where agents = peak
group by region, location, peak
order by region, location nulls first
