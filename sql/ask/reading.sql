-- name: reading_activity_time
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

-- name: reading_add_switch
insert into reading_switch
select unnest($switch_names::varchar[]),
       $is_here

-- name: reading_peak
-- Grain: the peak of a reading, one row: the most agents at once, and the first second of it. An agent's spans
-- may overlap: each adds only what the earlier ones have not reached yet. Nobody at all: 0, without a second.
-- Input: reading.
with reaching as (
    select agent_id,
           start_ts,
           end_ts,
           max(end_ts) over (
               partition by agent_id
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from reading
),
addition as (
    select greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select start_ts as ts, 1 as agents from addition
    union all
    select end_ts, -1 from addition
),
net as (
    select ts,
           sum(agents) as agents
    from change
    group by ts
),
curve as (
    select ts,
           sum(agents) over (order by ts)::bigint as agents
    from net
)
select coalesce(max(agents), 0) as agents,
       coalesce(min(ts) filter (where agents = (select max(agents) from curve)), 0) as peak_ts
from curve

-- name: reading_seat
-- What a scope's readings are made from: the sessions that count there, once each however many locations they
-- have, with agents as numbers.
-- Grain: qualifying session. Input: _data.qualifying_session; $day, $region, $location ('' for the region as a
-- whole).
create or replace temp table seat as
select distinct hash(agent) as agent_id,
                resource_key,
                sm_res_session_fact_key,
                start_date_time_key,
                start_ts,
                end_ts
from _data.qualifying_session
where day = $day::date
  and region = $region
  and ($location = '' or location = $location)

-- name: reading_switch
-- Grain: switch that a location lists (R5), and whether that location is in the scope.
create or replace temp table reading_switch (
    switch_name         varchar not null,
    is_here             boolean not null
)

-- name: reading_whole_minutes
-- The reading that rounds to minutes: whoever is there in any second of a minute of the day is there in all of
-- it.
-- Grain: span of time of an agent; spans of one agent may overlap. Input: seat; $from, $until (the day).
create or replace temp table reading as
select agent_id,
       greatest(start_ts, $from) // 60 * 60 as start_ts,
       (least(end_ts, $until) + 59) // 60 * 60 as end_ts
from seat

-- name: stored_number
-- Grain: stored number of a region and a day, or a month. For the comparison with what another configuration
-- gives.
-- Inputs: published._data.daily_concurrent, published._data.monthly_enabled; $from, $to (days, both included),
-- $from_month, $to_month (both included).
select region,
       'concurrent' as measure,
       day::varchar as period,
       agents
from published._data.daily_concurrent
where location is null
  and day between $from::date and $to::date
union all
select region,
       'enabled',
       month,
       agents
from published._data.monthly_enabled
where month between $from_month and $to_month
order by period, measure, region
