-- Grain: the peak of a reading, one row: the most agents at once, and the first second of it. An agent's spans
-- may overlap: each adds only what the earlier ones have not reached yet. Nobody at all: 0, without a second.
-- Input: reading.
with reaching as (
    select agent_id,
           start_ts,
           end_ts,
           max(end_ts) over (
               partition by agent_id
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from reading
),
addition as (
    select greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select start_ts as ts, 1 as agents from addition
    union all
    select end_ts, -1 from addition
),
net as (
    select ts,
           sum(agents) as agents
    from change
    group by ts
),
curve as (
    select ts,
           sum(agents) over (order by ts)::bigint as agents
    from net
)
select coalesce(max(agents), 0) as agents,
       coalesce(min(ts) filter (where agents = (select max(agents) from curve)), 0) as peak_ts
from curve
