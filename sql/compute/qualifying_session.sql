-- Grain: session x location x region (R4 to R6), for the regions whose day the session touches.
-- Inputs: session_location, place, scope, occupied_session with occupied_activity's rank, counted_agent; $day.
insert into _data.qualifying_session
select $day::date,
       c.region,
       c.location,
       p.agent,
       s.resource_key,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.start_ts,
       s.end_ts,
       s.is_open,
       case when l.first_rank >> 64 & 1 = 0 then 'leg' else 'preview' end,
       (l.first_rank & 18446744073709551615) - 9223372036854775808,
       l.first_rank >> 65,
       l.activities
from session_location as l
join scope as c on c.scope_id = l.place_id
join occupied_session as s on s.rowid = l.session_id
join counted_agent as p on p.resource_key = s.resource_key
where greatest(s.start_ts, c.start_ts) < least(s.end_ts, c.end_ts)
