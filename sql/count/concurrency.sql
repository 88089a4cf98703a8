-- name: step
-- Grain: step of the curve of a scope (R8), over the whole day, gaps and zeros included; two steps in a row
-- always differ. An agent's sessions may overlap: each adds only what the earlier ones have not reached yet.
-- Inputs: presence, scope.
create or replace temp table step as
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
running as (
    select scope_id,
           ts as start_ts,
           lead(ts) over (partition by scope_id order by ts) as end_ts,
           sum(agents) over (partition by scope_id order by ts) as agents,
           sum(sessions) over (partition by scope_id order by ts) as sessions
    from net
)
from running
where start_ts < end_ts

-- name: concurrency
-- Grain: step of a curve. Output: _data.concurrency, in the order of days, scopes and time. Inputs: step, scope.
insert into _data.concurrency
select c.day,
       c.region,
       c.location,
       s.start_ts,
       s.end_ts,
       s.agents,
       s.sessions
from step as s
join scope as c using (scope_id)
order by scope_id, s.start_ts

-- name: daily_concurrent
-- Grain: scope and day (R8): the peak, its first second, and how many seconds it lasts in all. A day without
-- a session, or without a second, is 0.
-- Inputs: step, scope, rule.
insert into _data.daily_concurrent
with level as (
    select scope_id,
           agents,
           min(start_ts) as first_ts,
           sum(end_ts - start_ts)::bigint as seconds
    from step
    where agents > 0
    group by scope_id, agents
),
peak as (
    from level
    qualify row_number() over (partition by scope_id order by agents desc) = 1
)
select day,
       c.region,
       c.location,
       coalesce(p.agents, 0),
       p.first_ts,
       p.seconds,
       r.state
from scope as c
join rule as r using (day)
left join peak as p using (scope_id)
order by scope_id

-- name: curve
-- Grain: step of a scope's curve, scope by scope and in order, as it was stored. For the comparison second
-- by second (R12).
-- Inputs: _data.concurrency, scope.
select c.scope_id,
       s.start_ts,
       s.end_ts,
       s.agents,
       s.sessions
from _data.concurrency as s
join scope as c on c.day = s.day
    and c.region = s.region
    and c.location is not distinct from s.location
order by c.scope_id, s.start_ts

-- name: scope_list
-- Grain: scope, in the order of their numbers in the curves, which begin with 1.
-- Input: scope.
select day::varchar as day,
       region,
       coalesce(location, '') as location
from scope
order by scope_id

-- name: peak
-- Grain: day and scope, and then its peak, with the scope. For the comparison of peaks (R12), and for whoever reports them.
-- Input: _data.daily_concurrent; $days.
select day::varchar as day,
       region,
       coalesce(location, '') as location,
       region,
       coalesce(location, '') as location,
       agents,
       coalesce(peak_ts, 0) as peak_ts,
       coalesce(peak_seconds, 0) as peak_seconds
from _data.daily_concurrent
join (select unnest($days::varchar[]::date[]) as day) using (day)
order by day, region, location
