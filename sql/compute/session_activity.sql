-- Grain: session x activity of the same resource that share a second (R4). The whole session counts, not its
-- part inside the day.
-- Inputs: occupied_session, occupied_activity.
create or replace temp table session_activity as
select s.session_id,
       s.is_excluded,
       a.activity_id,
       a.switch_name
from occupied_activity as a
join occupied_session as s on s.resource_key = a.resource_key
    and s.start_ts < a.end_ts
    and s.end_ts > a.start_ts
