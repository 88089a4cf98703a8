-- Grain: qualifying session x scope, cut to the region's day. In a region a session of several locations
-- stands once.
-- Inputs: session_location, occupied_session, scope.
create or replace temp table presence as
with placed as (
    select session_id,
           region,
           location
    from session_location
    where region is not null
    union all
    select distinct session_id,
                    region,
                    null
    from session_location
    where region is not null
)
select c.scope_id,
       s.agent_id,
       greatest(s.start_ts, c.start_ts) as start_ts,
       least(s.end_ts, c.end_ts) as end_ts
from placed as p
join occupied_session as s using (session_id)
join scope as c on c.region = p.region
    and c.location is not distinct from p.location
    and greatest(s.start_ts, c.start_ts) < least(s.end_ts, c.end_ts)
