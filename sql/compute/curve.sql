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
