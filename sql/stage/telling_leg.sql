-- Grain: staged leg with a known switch, OCS-driven or not, that may share a second with a session whose own activities know none (R5). One
-- without an end takes all time after its start, as in staged_activity.sql, until open_end.sql is known.
-- Inputs: _stage.gim.interaction_resource_fact, known_switch, lacking_session; $key_from and $key_to bound the time key, $activity_from is
-- the earliest start.
create or replace temp table telling_leg as
with leg as (
    select f.interaction_resource_id as activity_key,
           f.start_date_time_key,
           f.resource_key,
           f.start_ts,
           f.end_ts,
           f.active_flag,
           m.switch_name,
           f.update_audit_key,
           coalesce(f.active_flag, 0) <> 0 or f.end_ts is null as is_open
    from _stage.gim.interaction_resource_fact as f
    join _stage.gim.known_switch as m on m.resource_key = f.media_resource_key
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
      and f.start_ts >= $activity_from
)
select l.*
from leg as l
semi join lacking_session as s on s.resource_key = l.resource_key
    and s.start_ts < case when l.is_open then 9223372036854775807 else greatest(l.end_ts, least(l.start_ts, 253402300799) + 1) end
    and s.until_ts > l.start_ts
where l.is_open
   or l.end_ts >= l.start_ts
