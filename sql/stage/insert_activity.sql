-- The activities of the slice (R3, R10) among those staged, as read, in the order of the source, which is nearly that of
-- time: a leg of an agent whose attached data holds an attempt GUID,
-- or a preview shown to an agent, that shares a second with the day, or with a session of the slice of the same
-- resource. A rejected one belongs where its start, or its time key, lies. Both keys of a leg and its attached
-- data must match, since the id may also be a mediation segment's. An absent or empty switch name is unknown (R5).
-- Inputs: _stage.gim.interaction_resource_fact, irf_user_data_gen_1, contact_attempt_fact, preview_mode, known_agent,
-- known_switch, stay, slice_span; $day; $as_of ends open activities; $activity_from is the earliest start;
-- $key_from and $key_to bound the time key.
insert into _data.ocs_activity
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
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
    left join _stage.gim.known_switch as m on m.resource_key = f.media_resource_key
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
      and d.start_date_time_key >= $key_from
      and d.start_date_time_key < $key_to
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
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
),
judged as (
    select *,
           start_ts is null or (end_ts < start_ts and coalesce(active_flag, 0) = 0) as is_rejected
    from activity
),
bounded as not materialized (
    select *,
           case when is_rejected then coalesce(start_ts, start_date_time_key) else start_ts end as from_ts,
           case
               when is_rejected then coalesce(start_ts, start_date_time_key) + 1
               when coalesce(active_flag, 0) <> 0 or end_ts is null then greatest($as_of, start_ts + 1)
               else greatest(end_ts, start_ts + 1)
           end as until_ts
    from judged
    where is_rejected
       or start_ts >= $activity_from
),
in_day as (
    select b.*
    from bounded as b
    semi join slice_span as p on b.from_ts < p.end_ts
        and b.until_ts > p.start_ts
),
in_session as (
    select b.*
    from bounded as b
    anti join slice_span as p on b.from_ts < p.end_ts
        and b.until_ts > p.start_ts
    semi join stay as s on s.resource_key = b.resource_key
        and s.start_ts < b.until_ts
        and s.until_ts > b.from_ts
    where not b.is_rejected
)
select $day::date,
       kind,
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       call_attempt_guid,
       dialing_mode_code,
       update_audit_key
from (
    from in_day
    union all
    from in_session
)
