-- Grain: qualifying session x scope, cut to the region's day. In a region a session of several locations
-- stands once.
-- Inputs: session_location, place, occupied_session, scope.
create or replace temp table presence as
with placed as (
    select session_id,
           place_id as scope_id
    from session_location
    where place_id <> 0
    union all
    select distinct l.session_id,
                    p.region_id
    from session_location as l
    join place as p using (place_id)
)
select p.scope_id,
       s.agent_id,
       greatest(s.start_ts, c.start_ts) as start_ts,
       least(s.end_ts, c.end_ts) as end_ts,
       s.is_alone
from placed as p
join occupied_session as s on s.rowid = p.session_id
join scope as c using (scope_id)
where greatest(s.start_ts, c.start_ts) < least(s.end_ts, c.end_ts)
