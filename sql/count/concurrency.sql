-- name: concurrency
-- Grain: step of the curve of a scope (R8), over the whole day, gaps and zeros included; two steps in a row
-- always differ. An agent's sessions may overlap: each adds only what the earlier ones have not reached yet.
-- Inputs: presence, scope; $day.
insert into _data.concurrency
with reaching as (
    select scope_id,
           start_ts,
           end_ts,
           max(end_ts) over (
               partition by scope_id, agent_id
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from presence
    where not is_alone
),
addition as (
    select scope_id, greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts, end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select scope_id, start_ts as ts, is_alone::integer as agents, 1 as sessions, false as is_bound from presence
    union all
    select scope_id, end_ts, -is_alone::integer, -1, false from presence
    union all
    select scope_id, start_ts, 1, 0, false from addition
    union all
    select scope_id, end_ts, -1, 0, false from addition
    union all
    select scope_id, start_ts, 0, 0, true from scope
    union all
    select scope_id, end_ts, 0, 0, true from scope
),
net as (
    select scope_id,
           ts,
           sum(agents)::bigint as agents,
           sum(sessions)::bigint as sessions
    from change
    group by scope_id, ts
    having sum(agents) <> 0
        or sum(sessions) <> 0
        or bool_or(is_bound)
),
step as (
    select scope_id,
           ts as start_ts,
           lead(ts) over (partition by scope_id order by ts) as end_ts,
           sum(agents) over (partition by scope_id order by ts) as agents,
           sum(sessions) over (partition by scope_id order by ts) as sessions
    from net
)
select $day::date, c.region, c.location, s.start_ts, s.end_ts, s.agents, s.sessions
from step as s
join scope as c using (scope_id)
where s.start_ts < s.end_ts
order by s.scope_id, s.start_ts

-- name: daily_concurrent
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

-- name: curve
-- Grain: step of a scope's curve, scope by scope and in order, as it was stored. For the comparison second
-- by second (R12).
-- Inputs: _data.concurrency, scope; $day.
select c.scope_id,
       s.start_ts,
       s.end_ts,
       s.agents,
       s.sessions
from _data.concurrency as s
join scope as c on c.region = s.region
    and c.location is not distinct from s.location
where s.day = $day::date
order by c.scope_id, s.start_ts

-- name: peak
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
