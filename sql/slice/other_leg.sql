-- name: telling_leg
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

-- name: open_telling_leg
-- The telling legs without an end, in the place of the slice's own activities: open_end.sql is asked of them next.
-- Inputs: telling_leg, slice_span.
insert into open_activity
select 'leg',
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       not exists (
           from slice_span as p
           where p.start_ts <= l.start_ts
             and p.end_ts > l.start_ts
       )
from telling_leg as l
where is_open
  and not exists (
      from open_activity as a
      where a.kind = 'leg'
        and a.activity_key = l.activity_key
        and a.start_date_time_key = l.start_date_time_key
  )

-- name: forget_telling_leg
drop table telling_leg

-- name: stay
-- Grain: session of the slice that has an interval: its resource is logged in from start_ts until end_ts, or, where the end
-- second counts (R2), until_ts.
-- Input: slice_session.
create or replace temp table stay as
select resource_key,
       start_ts,
       greatest(until_ts - 1, least(start_ts, 253402300799) + 1) as end_ts,
       until_ts
from slice_session
where not is_rejected

-- name: stay_around
-- Grain: agent with a staged voice session that touches the run's days ($from, $to) and reaches out of them: from when
-- until when such sessions last, so far as can be told before the slices are cut. An open one has no end.
-- Inputs: _stage.gim.sm_res_session_fact, voice_media, known_agent.
with session as (
    select f.resource_key,
           f.start_ts,
           case when f.end_ts is null or f.active_flag <> 0 then 9223372036854775807 else f.end_ts end as end_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
)
select resource_key,
       min(start_ts),
       max(end_ts)
from session
where start_ts < $to::bigint
  and end_ts >= $from::bigint
  and (start_ts < $from::bigint or end_ts >= $to::bigint)
group by resource_key

-- name: forget_stay
drop table stay

-- name: stay_outside
-- Grain: resource with a stay that reaches out of a span of time ($from, $to).
-- Input: stay.
select distinct resource_key
from stay
where start_ts < $from
   or until_ts > $to

-- name: leg_outside
-- Grain: staged leg that begins outside the day, for what belongs to it to be looked up.
-- Input: _stage.gim.interaction_resource_fact; $key_from and $key_to bound the day's time keys.
select distinct interaction_resource_id,
                start_date_time_key
from _stage.gim.interaction_resource_fact
where start_date_time_key < $key_from
   or start_date_time_key >= $key_to
order by interaction_resource_id, start_date_time_key

-- name: insert_other_leg
-- The legs that tell a switch for sessions whose own activities know none (R5): of each such session and switch the earliest,
-- under either reading of a session's end second (lacking_session.sql).
-- Inputs: telling_leg, lacking_session, open_end; $day.
insert into _data.other_leg
with leg as (
    select t.*,
           case when t.is_open then e.end_ts else greatest(t.end_ts, least(t.start_ts, 253402300799) + 1) end as closed_ts,
           case when t.is_open then e.until_ts else greatest(t.end_ts, least(t.start_ts, 253402300799) + 1) end as until_ts
    from telling_leg as t
    left join open_end as e on e.kind = 'leg'
        and e.activity_key = t.activity_key
        and e.start_date_time_key = t.start_date_time_key
),
told as (
    select l.*,
           row_number() over (
               partition by s.session_id, w.with_end, l.switch_name
               order by l.start_ts, l.activity_key, l.start_date_time_key
           ) as turn
    from lacking_session as s
    join leg as l on l.resource_key = s.resource_key
        and s.until_ts > l.start_ts
        and s.start_ts < greatest(l.closed_ts, l.until_ts)
    join (values (false), (true)) as w (with_end) on s.start_ts < case when w.with_end then l.until_ts else l.closed_ts end
        and case when w.with_end then s.until_ts else s.end_ts end > l.start_ts
        and case when w.with_end then s.with_end else s.before_end end
)
select distinct $day::date,
                activity_key,
                start_date_time_key,
                resource_key,
                start_ts,
                end_ts,
                active_flag,
                switch_name,
                update_audit_key
from told
where turn = 1
order by resource_key, start_ts, activity_key, start_date_time_key
