-- name: slice_session
-- Grain: voice session of the slice (R2, R10), as read.
-- A session belongs to the slice when it shares a second with a span of the day, its end second included:
-- so the slice serves both settings of session_end. One that R2 rejects has no interval; its start, or
-- failing that its time key, says where it belongs. A time beyond all calendars is cut off before 1 is added to it:
-- no_time.sql then refuses it.
-- Inputs: _stage.gim.sm_res_session_fact, voice_media, known_agent, slice_span; $as_of ends open sessions;
-- $session_from is the earliest start; $key_from and $key_to bound the time key.
create or replace temp table slice_session as
with voice as (
    select f.*,
           coalesce(f.active_flag, 0) <> 0 or f.end_ts is null as is_open
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join _stage.gim.known_agent as a on a.resource_key = f.resource_key
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
),
judged as (
    select *,
           start_ts is null or (not is_open and end_ts < start_ts) as is_rejected
    from voice
),
bounded as (
    select *,
           case when is_rejected then coalesce(start_ts, start_date_time_key) else start_ts end as from_ts,
           case
               when is_rejected then least(coalesce(start_ts, start_date_time_key), 253402300799) + 1
               when is_open then greatest($as_of, least(start_ts, 253402300799) + 1) + 1
               else least(end_ts, 253402300799) + 1
           end as until_ts
    from judged
)
select b.sm_res_session_fact_key,
       b.start_date_time_key,
       b.resource_key,
       b.start_ts,
       b.end_ts,
       b.active_flag,
       b.update_audit_key,
       b.is_rejected,
       b.until_ts
from bounded as b
semi join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
where b.is_rejected
   or b.start_ts >= $session_from

-- name: session_tenant
-- Grain: tenant_key of a session of the slice. More than one, and nobody said whose rows are wanted.
-- Inputs: temp.slice_session, _stage.gim.sm_res_session_fact.
select distinct f.tenant_key
from _stage.gim.sm_res_session_fact as f
semi join slice_session as s on s.sm_res_session_fact_key = f.sm_res_session_fact_key
    and s.start_date_time_key = f.start_date_time_key
where f.tenant_key is not null
order by f.tenant_key

-- name: insert_session
-- The sessions of the slice, in the order of the source, which is nearly that of time.
insert into _data.voice_session
select $day::date,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key
from slice_session

-- name: insert_duplicate_session
-- Primary keys of the slice's sessions that the source held twice in one chunk (R11 duplicate_key).
insert into _data.duplicate_key
select $day::date,
       'sm_res_session_fact',
       r.sm_res_session_fact_key || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_sm_res_session_fact as r
join slice_session as s using (sm_res_session_fact_key, start_date_time_key)
where r.is_fault
order by all

-- name: beside_session
-- Grain: voice session outside the slice in which an activity without an end started, as read, with its interval as in stay.sql. It
-- is looked for as far before that activity as any session is before the day ($lookback seconds), by its time key too.
-- Inputs: open_activity, slice_span, _data.voice_session, _stage.gim.sm_res_session_fact, voice_media; $day, $as_of, $lookback.
create or replace temp table beside_session as
with session as (
    select f.*,
           case
               when coalesce(f.active_flag, 0) <> 0 or f.end_ts is null then greatest($as_of, least(f.start_ts, 253402300799) + 1)
               else least(f.end_ts, 253402300799)
           end as logout_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join open_activity as a on a.resource_key = f.resource_key
        and a.began_elsewhere
        and a.start_ts >= f.start_ts
        and a.start_ts <= case when coalesce(f.active_flag, 0) <> 0 then 9223372036854775807 else coalesce(f.end_ts, 9223372036854775807) end
        and a.start_ts - $lookback <= f.start_ts
        and f.start_date_time_key between a.start_ts - $lookback - 900 and a.start_ts
)
select s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.active_flag,
       s.update_audit_key,
       greatest(s.logout_ts, least(s.start_ts, 253402300799) + 1) as occupied_ts,
       s.logout_ts + 1 as until_ts
from session as s
anti join (
    from _data.voice_session
    where day = $day::date
) as v using (sm_res_session_fact_key, start_date_time_key)
where s.logout_ts >= s.start_ts

-- name: insert_other_session
-- The sessions outside the slice in which an activity of the slice without an end, or an other leg without one, started (R3).
-- Inputs: beside_session, _data.ocs_activity, other_leg; $day.
insert into _data.other_session
with started as (
    select resource_key,
           start_ts,
           end_ts,
           active_flag
    from _data.ocs_activity
    where day = $day::date
    union all
    select resource_key,
           start_ts,
           end_ts,
           active_flag
    from _data.other_leg
    where day = $day::date
)
select $day::date,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.active_flag,
       s.update_audit_key
from beside_session as s
semi join started as a on a.resource_key = s.resource_key
    and a.start_ts >= s.start_ts
    and a.start_ts < s.until_ts
    and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null)
order by s.resource_key, s.start_ts, s.sm_res_session_fact_key

-- name: insert_session_group
-- Grain: session of the slice x group that its agent was in when it began; one row without a name for a session whose agent
-- was in none that is known: so whose groups were read has a row. An export may tell them of some sessions alone, where the
-- column came later. The keys -1 and -2, which stand for an unknown group and for none, name no group.
-- Inputs: _data.voice_session, _stage.gim.session_groups, resource_group_combination, group_; $day.
insert into _data.session_group
with member as (
    select c.group_combination_key,
           g.group_name
    from _stage.gim.resource_group_combination as c
    join _stage.gim.group_ as g using (group_key)
    where c.group_combination_key > 0
      and c.group_key > 0
      and g.group_name <> ''
)
select distinct s.day,
                s.sm_res_session_fact_key,
                s.start_date_time_key,
                m.group_name
from _data.voice_session as s
join _stage.gim.session_groups as k using (sm_res_session_fact_key, start_date_time_key)
left join member as m on m.group_combination_key = k.resource_group_combination_key
where s.day = $day::date
order by s.sm_res_session_fact_key, s.start_date_time_key, m.group_name

-- name: open_sessions
-- One row: how many sessions of the slice are open (R2). A rejected one is not.
-- Input: _data.voice_session; $day.
select count(*)
from _data.voice_session
where day = $day::date
  and start_ts is not null
  and (coalesce(active_flag, 0) <> 0 or end_ts is null)

-- name: crowded
-- One row: how many hours before the day ($from), and how many after it ($to), are crowded: at least one in a hundred of
-- all sessions of the slice runs in them, and no fewer than $crowd. Sessions reach from the day into those hours, so what
-- is crowded begins beside it.
-- Input: stay.
with reaching as (
    select ceil(greatest($from - start_ts, 0) / 3600)::bigint as before,
           ceil(greatest(until_ts - $to, 0) / 3600)::bigint as after
    from stay
),
crowd as (
    select greatest(count(*) / 100, $crowd) as stays
    from stay
),
hour_before as (
    select before as hour,
           sum(count(*)) over (order by before desc) as stays
    from reaching
    where before > 0
    group by before
),
hour_after as (
    select after as hour,
           sum(count(*)) over (order by after desc) as stays
    from reaching
    where after > 0
    group by after
)
select (
           select coalesce(max(hour), 0)
           from hour_before as h
           join crowd as c on h.stays >= c.stays
       ),
       (
           select coalesce(max(hour), 0)
           from hour_after as h
           join crowd as c on h.stays >= c.stays
       )

-- name: forget_session
drop table slice_session
