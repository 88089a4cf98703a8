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
