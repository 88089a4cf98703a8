-- The reading that counts only the seconds of an activity inside its session, not the whole session. An
-- activity with a known switch counts where the switch leads, one without wherever its session counts.
-- Grain: span of time of an agent; spans of one agent may overlap.
-- Inputs: seat, reading_switch, _data.ocs_activity; $day, $from, $until (the day in time), $as_of, $default_here
-- (whether the default location is in the scope).
create or replace temp table reading as
with activity as (
    select a.resource_key,
           a.start_ts,
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then $as_of::bigint else a.end_ts end, a.start_ts + 1) as end_ts
    from _data.ocs_activity as a
    left join reading_switch as w on w.switch_name = a.switch_name
    where a.day = $day::date
      and a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null or a.end_ts >= a.start_ts)
      and (coalesce(a.switch_name, '') = '' or coalesce(w.is_here, $default_here))
)
select s.agent_id,
       greatest(s.start_ts, a.start_ts, $from) as start_ts,
       least(s.end_ts, a.end_ts, $until) as end_ts
from activity as a
join seat as s using (resource_key)
where greatest(s.start_ts, a.start_ts, $from) < least(s.end_ts, a.end_ts, $until)
