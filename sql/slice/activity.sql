-- name: staged_activity
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

-- name: open_activity
-- Grain: activity without an end (R3) that may belong to the slice, as far as is known before the sessions are known in which
-- they all started. began_elsewhere: it started outside the day, so its session need not be one of the slice's.
-- Inputs: _data.ocs_activity, slice_span; $day.
create or replace temp table open_activity as
select kind,
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       not exists (
           from slice_span as p
           where p.start_ts <= a.start_ts
             and p.end_ts > a.start_ts
       ) as began_elsewhere
from _data.ocs_activity as a
where day = $day::date
  and start_ts is not null
  and (coalesce(active_flag, 0) <> 0 or end_ts is null)

-- name: drop_open_activity
-- Activities without an end that share a second neither with the day nor with a session of the slice of the same resource (R10).
-- Inputs: open_end, slice_span, stay; $day.
delete from _data.ocs_activity
where day = $day::date
  and (kind, activity_key, start_date_time_key) in (
      select (e.kind, e.activity_key, e.start_date_time_key)
      from open_end as e
      where not exists (
                from slice_span as p
                where p.start_ts < greatest(e.end_ts, e.until_ts)
                  and p.end_ts > e.start_ts
            )
        and not exists (
                from stay as s
                where s.resource_key = e.resource_key
                  and s.start_ts < greatest(e.end_ts, e.until_ts)
                  and s.until_ts > e.start_ts
            )
  )

-- name: drop_duplicate_activity
-- What was noted of keys of activities that have turned out to be none of the slice's.
-- Inputs: _data.ocs_activity, open_end; $day.
delete from _data.duplicate_key
where day = $day::date
  and (relation = 'contact_attempt_fact', row_key) in (
      select (e.kind = 'preview', e.activity_key || '/' || e.start_date_time_key)
      from open_end as e
      anti join (
          from _data.ocs_activity
          where day = $day::date
      ) as a using (kind, activity_key, start_date_time_key)
  )
  and relation <> 'sm_res_session_fact'

-- name: insert_activity_of_day
-- The slice's activities (R10) among those staged that share a second with the day.
-- One without an end may belong there: drop_open_activity.sql decides, once all are read.
-- Inputs: staged_activity, slice_span; $day.
insert into _data.ocs_activity by name
select $day::date as day,
       b.* exclude (is_rejected, from_ts, until_ts)
from staged_activity($key_from, $key_to, $activity_from) as b
semi join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts

-- name: insert_activity_of_session
-- The slice's activities (R10) among those staged that share no second with the day, but one with a session of the slice
-- of the same resource.
-- One without an end may belong there: drop_open_activity.sql decides, once all are read.
-- Inputs: staged_activity, slice_span, stay; $day.
insert into _data.ocs_activity by name
select $day::date as day,
       b.* exclude (is_rejected, from_ts, until_ts)
from staged_activity($key_from, $key_to, $activity_from) as b
anti join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
semi join stay as s on s.resource_key = b.resource_key
    and s.start_ts < b.until_ts
    and s.until_ts > b.from_ts
where not b.is_rejected

-- name: insert_duplicate_activity
-- Primary keys of the slice's activities that the source held twice in one chunk (R11 duplicate_key), among those staged.
insert into _data.duplicate_key
select $day::date,
       'interaction_resource_fact',
       r.interaction_resource_id || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_interaction_resource_fact as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'leg'
    and a.activity_key = r.interaction_resource_id
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
union all
select $day::date,
       'irf_user_data_gen_1',
       r.interaction_resource_id || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_irf_user_data_gen_1 as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'leg'
    and a.activity_key = r.interaction_resource_id
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
union all
select $day::date,
       'contact_attempt_fact',
       r.contact_attempt_fact_key || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_contact_attempt_fact as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'preview'
    and a.activity_key = r.contact_attempt_fact_key
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
order by all
