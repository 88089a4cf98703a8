-- name: loss
-- Grain: kind of row of a slice: how many the old slice ($old, set aside) held that today's window wants too, how many
-- of these the new one ($day) lacks, and how many it has in all. Rows are told apart by their primary keys: what the
-- source corrected or added is no loss. Both slices are compared by today's spans, so that a changed time zone or
-- look-back is none either. An activity without an end is looked for where it started: how far it reaches, its session says (R3).
-- Inputs: _data.slice, voice_session, ocs_activity, agent; slice_span; $session_from is the earliest start of a session.
with old_session as (
    select s.resource_key,
           s.sm_res_session_fact_key,
           s.start_date_time_key,
           coalesce(s.start_ts, s.start_date_time_key) as from_ts,
           case when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then o.as_of else s.end_ts end as until_ts
    from _data.voice_session as s
    join _data.slice as o using (day)
    where s.day = $old::date
      and (s.start_ts is null or s.start_ts >= $session_from)
),
old_activity as (
    select a.resource_key,
           a.kind,
           a.activity_key,
           a.start_date_time_key,
           coalesce(a.start_ts, a.start_date_time_key) as from_ts,
           case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then a.start_ts else a.end_ts end as until_ts
    from _data.ocs_activity as a
    where a.day = $old::date
),
held_session as (
    select s.*
    from old_session as s
    semi join slice_span as p on s.from_ts < p.end_ts
        and greatest(s.until_ts, s.from_ts) + 1 > p.start_ts
),
held_activity as (
    select a.*
    from old_activity as a
    semi join slice_span as p on a.from_ts < p.end_ts
        and greatest(a.until_ts, a.from_ts + 1) > p.start_ts
),
held_agent as (
    select resource_key
    from held_session
    union
    select resource_key
    from held_activity
)
select 'sessions',
       (select count(*) from held_session),
       (
           select count(*)
           from held_session
           anti join (from _data.voice_session where day = $day::date) as n using (sm_res_session_fact_key, start_date_time_key)
       ),
       (select count(*) from _data.voice_session where day = $day::date)
union all
select 'activities',
       (select count(*) from held_activity),
       (
           select count(*)
           from held_activity
           anti join (from _data.ocs_activity where day = $day::date) as n using (kind, activity_key, start_date_time_key)
       ),
       (select count(*) from _data.ocs_activity where day = $day::date)
union all
select 'agents',
       (select count(*) from held_agent),
       (
           select count(*)
           from held_agent
           anti join (from _data.agent where day = $day::date) as n using (resource_key)
       ),
       (select count(*) from _data.agent where day = $day::date)

-- name: loss_of_dropped
-- One row, as loss.sql gives them, for a day whose rows were dropped and whose numbers stayed: how many agents were enabled
-- in the region that had the most, how many of these the new slice lacks at least, and how many agents it has in all.
-- Inputs: _data.enabled_daily, voice_session; $day.
select 'enabled agents',
       counted.agents,
       greatest(counted.agents - found.agents, 0),
       found.agents
from (
    select coalesce(max(agents), 0) as agents
    from _data.enabled_daily
    where day = $day::date
) as counted
cross join (
    select count(distinct resource_key) as agents
    from _data.voice_session
    where day = $day::date
) as found

-- name: no_time
-- One row, or none: the first of a slice's rows with a time that lies in no year from 1 to 9999. Nothing that shows times
-- could show it, and what is that far off was never a time. What goes on has no end to look at (R2).
-- Inputs: _data.voice_session, ocs_activity, other_leg, other_session; $day.
with value as (
    select 'session' as kind,
           sm_res_session_fact_key as row_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]) as ts,
           unnest(['start_ts', 'end_ts']) as name
    from _data.voice_session
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select kind,
           activity_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.ocs_activity
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select 'leg',
           activity_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.other_leg
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select 'session',
           sm_res_session_fact_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.other_session
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
)
select kind,
       row_key,
       start_date_time_key,
       name,
       ts
from value
where ts not between -62135596800 and 253402300799
order by all
limit 1

-- name: no_session
-- One row: whether the day has no session at all.
-- Input: _data.voice_session; $day.
select not exists (
           from _data.voice_session
           where day = $day::date
       ) as none

-- name: unknown_key
-- One row, or none: a staged fact whose media type or resource no chunk of an export describes. Where a chunk came without a dimension,
-- it is the rows in that which are missing: without them a session is no agent's, a leg on no switch. Keys below 0 stand for nothing.
-- Inputs: _stage.gim.sm_res_session_fact, interaction_resource_fact, contact_attempt_fact, media_type, resource_.
with fact as (
    select 'sm_res_session_fact' as table_name, sm_res_session_fact_key as id, unnest(['MEDIA_TYPE_KEY', 'RESOURCE_KEY']) as column_name,
           unnest([media_type_key, resource_key]) as key
    from _stage.gim.sm_res_session_fact
    union all
    select 'interaction_resource_fact', interaction_resource_id, unnest(['RESOURCE_KEY', 'MEDIA_RESOURCE_KEY']),
           unnest([resource_key, media_resource_key])
    from _stage.gim.interaction_resource_fact
    union all
    select 'contact_attempt_fact', contact_attempt_fact_key, 'RESOURCE_KEY', resource_key
    from _stage.gim.contact_attempt_fact
),
known as (
    select 'MEDIA_TYPE_KEY' as column_name, media_type_key as key
    from _stage.gim.media_type
    union all
    select unnest(['RESOURCE_KEY', 'MEDIA_RESOURCE_KEY']), resource_key
    from _stage.gim.resource_
)
select table_name,
       id,
       column_name,
       key
from fact
anti join known using (column_name, key)
where key >= 0
order by table_name, id, column_name
limit 1

-- name: lacking_session
-- Grain: session of the slice whose own activities know no switch (R5). before_end: so it is where sessions end before their end
-- second, with_end: where that second counts (R2). A slice serves both.
-- Inputs: _data.ocs_activity, open_end, stay; $day.
create or replace temp table lacking_session as
with activity as (
    select a.resource_key,
           coalesce(a.switch_name, '') <> '' as is_known,
           a.start_ts,
           coalesce(e.end_ts, greatest(a.end_ts, least(a.start_ts, 253402300799) + 1)) as end_ts,
           coalesce(e.until_ts, greatest(a.end_ts, least(a.start_ts, 253402300799) + 1)) as until_ts
    from _data.ocs_activity as a
    left join open_end as e using (kind, activity_key, start_date_time_key)
    where a.day = $day::date
      and a.start_ts is not null
      and (e.end_ts is not null or a.end_ts >= a.start_ts)
),
unknown as (
    select distinct resource_key
    from activity
    where not is_known
),
session as (
    select row_number() over () as session_id,
           s.*
    from stay as s
    semi join unknown as u using (resource_key)
),
seen as (
    select s.session_id,
           w.with_end
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and s.until_ts > a.start_ts
        and s.start_ts < greatest(a.end_ts, a.until_ts)
    join (values (false), (true)) as w (with_end) on s.start_ts < case when w.with_end then a.until_ts else a.end_ts end
        and case when w.with_end then s.until_ts else s.end_ts end > a.start_ts
    group by s.session_id, w.with_end
    having not bool_or(a.is_known)
)
select s.session_id,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.until_ts,
       bool_or(not n.with_end) as before_end,
       bool_or(n.with_end) as with_end
from seen as n
join session as s using (session_id)
group by all

-- name: lacking_resource
-- Grain: resource with a session whose own activities know no switch: from when until when such sessions last.
-- Input: lacking_session.
select resource_key,
       min(start_ts),
       max(until_ts)
from lacking_session
group by resource_key
order by resource_key

-- name: lacking_around
-- Grain: agent with a staged voice session that touches the run's days ($from, $to) and whose own activities may know no switch
-- (R5): from when until when such sessions last, so far as can be told before the slices are cut. An open one lasts at least until
-- $as_of, and has no end; an activity without an end counts as long as it may last where its switch is unknown, and where it is known,
-- not at all.
-- Inputs: staged_activity, _stage.gim.sm_res_session_fact, voice_media, known_agent.
with activity as (
    select resource_key,
           coalesce(switch_name, '') <> '' as is_known,
           from_ts,
           until_ts
    from staged_activity(-9223372036854775808, 9223372036854775807, -9223372036854775808)
    where not is_rejected
),
unknown as (
    select distinct resource_key
    from activity
    where not is_known
),
session as (
    select row_number() over () as session_id,
           f.resource_key,
           f.start_ts,
           f.end_ts is null or coalesce(f.active_flag, 0) <> 0 as is_open,
           f.end_ts
    from _stage.gim.sm_res_session_fact as f
    semi join _stage.gim.voice_media as m on m.media_type_key = f.media_type_key
    semi join unknown as u on u.resource_key = f.resource_key
    where f.start_ts < $to::bigint
      and (f.end_ts is null or f.active_flag <> 0 or f.end_ts >= greatest($from::bigint, f.start_ts))
),
login as (
    select session_id,
           resource_key,
           start_ts,
           greatest(case when is_open then $as_of::bigint else least(end_ts, 253402300799) end, least(start_ts, 253402300799) + 1) as least_ts,
           case when is_open then 9223372036854775807 else least(end_ts, 253402300799) + 1 end as until_ts
    from session
),
lacking as (
    select s.session_id,
           s.resource_key,
           s.start_ts,
           s.until_ts
    from login as s
    join activity as a on a.resource_key = s.resource_key
        and a.from_ts < s.until_ts
        and a.until_ts > s.start_ts
    group by all
    having bool_or(not a.is_known)
       and not coalesce(bool_or(a.is_known and a.until_ts < 9223372036854775807 and a.from_ts < s.least_ts), false)
)
select resource_key,
       min(start_ts),
       max(until_ts)
from lacking
group by resource_key

-- name: opened_around
-- Grain: staged leg or preview without an end (R3) that started outside the run's days ($from, $to): its session need not
-- touch them.
-- Inputs: _stage.gim.interaction_resource_fact, contact_attempt_fact, known_agent.
with started as (
    select resource_key,
           start_ts
    from _stage.gim.interaction_resource_fact
    where end_ts is null
       or active_flag <> 0
    union all
    select resource_key,
           start_ts
    from _stage.gim.contact_attempt_fact
    where end_ts is null
)
select distinct resource_key,
                start_ts
from started as s
semi join _stage.gim.known_agent as a using (resource_key)
where start_ts < $from::bigint
   or start_ts >= $to::bigint

-- name: began_elsewhere
-- Grain: resource with an activity without an end that started outside the day: from when to when such ones did.
-- Input: open_activity.
select resource_key,
       min(start_ts),
       max(start_ts)
from open_activity
where began_elsewhere
group by resource_key
order by resource_key

-- name: begins_elsewhere
-- One row: whether any staged activity begins outside the day. All others share their first second with it, or have none.
-- Inputs: _stage.gim.interaction_resource_fact, contact_attempt_fact, slice_span.
select exists (
           from _stage.gim.interaction_resource_fact as f
           anti join slice_span as p on f.start_ts >= p.start_ts
               and f.start_ts < p.end_ts
           where f.start_ts is not null
       )
       or exists (
           from _stage.gim.contact_attempt_fact as f
           anti join slice_span as p on f.start_ts >= p.start_ts
               and f.start_ts < p.end_ts
           where f.start_ts is not null
       )

-- name: open_end
-- Grain: activity without an end, with where it ends (R3): at the end of the session of its resource in which it started, of
-- several the one that ends last; at the as-of where it started in none. end_ts: where a session ends before its end second,
-- until_ts: where that second counts (R2). A slice serves both.
-- Inputs: open_activity, stay, beside_session; $as_of.
create or replace temp table open_end as
with login as (
    select resource_key,
           start_ts,
           end_ts,
           until_ts
    from stay
    union all
    select resource_key,
           start_ts,
           occupied_ts,
           until_ts
    from beside_session
)
select a.kind,
       a.activity_key,
       a.start_date_time_key,
       a.resource_key,
       a.start_ts,
       greatest(coalesce(max(l.end_ts) filter (l.end_ts > a.start_ts), $as_of), least(a.start_ts, 253402300799) + 1) as end_ts,
       greatest(coalesce(max(l.until_ts), $as_of), least(a.start_ts, 253402300799) + 1) as until_ts
from open_activity as a
left join login as l on l.resource_key = a.resource_key
    and l.start_ts <= a.start_ts
    and l.until_ts > a.start_ts
group by a.kind, a.activity_key, a.start_date_time_key, a.resource_key, a.start_ts
