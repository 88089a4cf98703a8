-- Grain: staged leg or preview without an end (R3) that started outside the run's days ($from, $to): its session need not
-- touch them.
-- Inputs: _stage.gim.interaction_resource_fact, contact_attempt_fact, known_agent.
with started as (
    select resource_key,
           start_ts
    from _stage.gim.interaction_resource_fact
    where end_ts is null
       or active_flag <> 0
    union all
    select resource_key,
           start_ts
    from _stage.gim.contact_attempt_fact
    where end_ts is null
)
select distinct resource_key,
                start_ts
from started as s
semi join _stage.gim.known_agent as a using (resource_key)
where start_ts < $from::bigint
   or start_ts >= $to::bigint
