-- Grain: activity among those staged (R3), as read: a leg of an agent whose attached data holds an attempt GUID, or a
-- preview shown to an agent; with the time that it takes (from_ts, until_ts), and whether it is rejected. A rejected one
-- takes the second of its start, or of its time key. Both keys of a leg and its attached data must match, since the id
-- may also be a mediation segment's. An absent or empty switch name is unknown (R5). One without an end takes all time after
-- its start here: where it ends is known once all are read (open_end.sql). Times are cut off as in slice_session.sql.
-- Inputs: _stage.gim.interaction_resource_fact, irf_user_data_gen_1, contact_attempt_fact, preview_mode, known_agent,
-- known_switch; earliest is the earliest start; from_key and to_key bound the time key.
create or replace temp macro staged_activity(from_key, to_key, earliest) as table
with activity as (
    select 'leg' as kind,
           f.interaction_resource_id as activity_key,
           f.start_date_time_key,
           f.resource_key,
           f.start_ts,
           f.end_ts,
           f.active_flag,
           m.switch_name,
           d.gsw_call_attempt_guid as call_attempt_guid,
           null::varchar as dialing_mode_code,
           f.update_audit_key
    from _stage.gim.interaction_resource_fact as f
    join _stage.gim.irf_user_data_gen_1 as d using (interaction_resource_id, start_date_time_key)
    left join _stage.gim.known_switch as m on m.resource_key = f.media_resource_key
    where f.start_date_time_key >= from_key
      and f.start_date_time_key < to_key
      and d.start_date_time_key >= from_key
      and d.start_date_time_key < to_key
      and d.gsw_call_attempt_guid <> ''
    union all
    select 'preview',
           f.contact_attempt_fact_key,
           f.start_date_time_key,
           f.resource_key,
           f.start_ts,
           f.end_ts,
           null,
           null,
           nullif(f.call_attempt_id, ''),
           m.dialing_mode_code,
           f.update_audit_key
    from _stage.gim.contact_attempt_fact as f
    join _stage.gim.preview_mode as m on m.dialing_mode_key = f.dialing_mode_key
    where f.start_date_time_key >= from_key
      and f.start_date_time_key < to_key
),
judged as (
    select *,
           start_ts is null or (coalesce(end_ts < start_ts, false) and coalesce(active_flag, 0) = 0) as is_rejected
    from activity
    semi join _stage.gim.known_agent as a using (resource_key)
)
select *,
       case when is_rejected then coalesce(start_ts, start_date_time_key) else start_ts end as from_ts,
       case
           when is_rejected then least(coalesce(start_ts, start_date_time_key), 253402300799) + 1
           when coalesce(active_flag, 0) <> 0 or end_ts is null then 9223372036854775807
           else greatest(end_ts, least(start_ts, 253402300799) + 1)
       end as until_ts
from judged
where is_rejected
   or start_ts >= earliest
