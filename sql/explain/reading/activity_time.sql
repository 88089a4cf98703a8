-- The reading that counts only the seconds of an activity inside its session, not the whole session. An
-- activity with a known switch counts where the switch leads, one without wherever its session counts.
-- Grain: span of time of an agent; spans of one agent may overlap.
-- Inputs: seat, reading_switch, _data.ocs_activity, voice_session, other_session; $day, $from, $until (the day in time), $as_of,
-- $last_second (1 where a session occupies the second of its end, else 0), $default_here (whether the default location is in the scope).
create or replace temp table reading as
with login as (
    select resource_key,
           start_ts,
           case
               when coalesce(active_flag, 0) <> 0 or end_ts is null then greatest($as_of::bigint, start_ts + 1) + $last_second
               else greatest(end_ts + $last_second, start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    )
    where day = $day::date
      and (coalesce(active_flag, 0) <> 0 or end_ts is null or end_ts >= start_ts)
),
open_end as (
    select a.kind,
           a.activity_key,
           a.start_date_time_key,
           max(l.until_ts) as end_ts
    from _data.ocs_activity as a
    join login as l on l.resource_key = a.resource_key
        and l.start_ts <= a.start_ts
        and l.until_ts > a.start_ts
    where a.day = $day::date
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null)
    group by a.kind, a.activity_key, a.start_date_time_key
),
activity as (
    select a.resource_key,
           a.start_ts,
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then coalesce(e.end_ts, $as_of::bigint) else a.end_ts end, a.start_ts + 1) as end_ts
    from _data.ocs_activity as a
    left join open_end as e using (kind, activity_key, start_date_time_key)
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
