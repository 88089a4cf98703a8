-- name: keep_old
-- Grain: row of the old slice that today's window wants too. Both slices are compared by today's spans (from each of $starts until
-- that of $ends), so that a changed time zone or look-back ($session_from is the earliest start of a session) is no loss. An
-- activity without an end is looked for where it started: how far it reaches, its session says (R3).
-- Inputs: _data.slice, voice_session, ocs_activity; $day.
create or replace temp table old_row as
with old as (
    select 'session' as kind,
           s.sm_res_session_fact_key as row_key,
           s.start_date_time_key,
           s.resource_key,
           coalesce(s.start_ts, s.start_date_time_key) as from_ts,
           case when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then o.as_of else s.end_ts end + 1 as until_ts
    from _data.voice_session as s
    join _data.slice as o using (day)
    where s.day = $day::date
      and (s.start_ts is null or s.start_ts >= $session_from)
    union all
    select a.kind,
           a.activity_key,
           a.start_date_time_key,
           a.resource_key,
           coalesce(a.start_ts, a.start_date_time_key),
           case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then a.start_ts else a.end_ts end
    from _data.ocs_activity as a
    where a.day = $day::date
)
select o.kind,
       o.row_key,
       o.start_date_time_key,
       o.resource_key
from old as o
semi join (select unnest($starts::bigint[]) as start_ts, unnest($ends::bigint[]) as end_ts) as p on o.from_ts < p.end_ts
    and greatest(o.until_ts, o.from_ts + 1) > p.start_ts

-- name: loss
-- Grain: kind of row of a slice of which more is lost than is tolerated: how many the old slice (old_row) held that today's window wants too, how many of these the new
-- one ($day) lacks, and how many it has in all. Rows are told apart by their primary keys: what the source corrected or added is
-- no loss.
--
-- One in ten is tolerated: GIM corrects rows but hardly ever takes one back. A source that lacks more has been purged, or is another
-- one, and the store may hold the only copy. A single row of a small slice is no sign of that.
--
-- Inputs: old_row; _data.voice_session, ocs_activity, agent.
with seen as (
    select kind,
           row_key,
           start_date_time_key,
           true as is_old
    from old_row
    union all
    select distinct 'agent', resource_key, 0, true
    from old_row
    union all
    select 'session', sm_res_session_fact_key, start_date_time_key, false
    from _data.voice_session
    where day = $day::date
    union all
    select kind, activity_key, start_date_time_key, false
    from _data.ocs_activity
    where day = $day::date
    union all
    select 'agent', resource_key, 0, false
    from _data.agent
    where day = $day::date
),
row_of as (
    select case kind when 'session' then 'sessions' when 'agent' then 'agents' else 'activities' end as what,
           bool_or(is_old) as is_old,
           bool_or(not is_old) as is_new
    from seen
    group by kind, row_key, start_date_time_key
)
select what,
       count(*) filter (is_old) as held,
       count(*) filter (is_old and not is_new) as lost,
       count(*) filter (is_new) as found
from row_of
group by what
having lost > 0
    and (found = 0 or lost > greatest(1, held // 10))
order by what = 'agents', what = 'activities'

-- name: loss_of_dropped
-- One row at most, as loss gives them, for a day whose rows were dropped and whose numbers stayed: how many agents were enabled
-- in the region that had the most, how many of these the new slice lacks at least, and how many agents it has in all.
-- Inputs: _data.enabled_daily, voice_session; $day.
select 'enabled agents',
       counted.agents as held,
       greatest(counted.agents - found.agents, 0) as lost,
       found.agents as found
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
where lost > 0
    and (found.agents = 0 or lost > greatest(1, held // 10))
