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
