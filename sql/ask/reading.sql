-- name: reading
-- Grain: reading of the specification by which a scope's day is counted otherwise, with its peak: the most agents at once, and
-- the first second of it; nobody at all is 0, without a second. Whole minutes: whoever is there in any second of a minute of
-- the day is there in all of it. Activity only: the seconds of an activity inside its session, not the whole session; an
-- activity with a known switch counts where the switch leads, one without wherever its session counts.
-- Inputs: _data.slice, qualifying_session, ocs_activity, voice_session, other_session; $day, $from, $until (the day in time),
-- $region, $location ('' for the region as a whole), $last_second (1 where a session occupies the second of its end, else 0),
-- $here and $elsewhere (switches that a location lists: in the scope, and not), $default_here (whether the default location is
-- in the scope).
with seat as ( -- once each however many locations they have
    select distinct agent,
                    resource_key,
                    sm_res_session_fact_key,
                    start_date_time_key,
                    start_ts,
                    end_ts
    from _data.qualifying_session
    where day = $day::date
      and region = $region
      and ($location = '' or location = $location)
),
login as (
    select s.resource_key,
           s.start_ts,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(o.as_of, s.start_ts + 1) + $last_second
               else greatest(s.end_ts + $last_second, s.start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    ) as s
    join _data.slice as o using (day)
    where s.day = $day::date
      and (coalesce(s.active_flag, 0) <> 0 or s.end_ts is null or s.end_ts >= s.start_ts)
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
           greatest(
               case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then coalesce(e.end_ts, o.as_of) else a.end_ts end,
               a.start_ts + 1
           ) as end_ts
    from _data.ocs_activity as a
    join _data.slice as o using (day)
    left join open_end as e using (kind, activity_key, start_date_time_key)
    where a.day = $day::date
      and a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null or a.end_ts >= a.start_ts)
      and (coalesce(a.switch_name, '') = ''
           or a.switch_name in (select unnest($here::varchar[]))
           or $default_here and a.switch_name not in (select unnest($elsewhere::varchar[])))
),
span as ( -- those of one agent may overlap
    select 1 as reading,
           agent,
           greatest(start_ts, $from) // 60 * 60 as start_ts,
           (least(end_ts, $until) + 59) // 60 * 60 as end_ts
    from seat
    union all
    select 2,
           s.agent,
           greatest(s.start_ts, a.start_ts, $from) as start_ts,
           least(s.end_ts, a.end_ts, $until) as end_ts
    from activity as a
    join seat as s using (resource_key)
    where greatest(s.start_ts, a.start_ts, $from) < least(s.end_ts, a.end_ts, $until)
),
reaching as (
    select *,
           max(end_ts) over (
               partition by reading, agent
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from span
),
addition as ( -- each adds only what the earlier ones have not reached yet
    select reading,
           greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select reading, start_ts as ts, 1 as agents from addition
    union all
    select reading, end_ts, -1 from addition
),
net as (
    select reading,
           ts,
           sum(agents) as agents
    from change
    group by reading, ts
),
curve as (
    select reading,
           ts,
           sum(agents) over (partition by reading order by ts)::bigint as agents
    from net
)
select coalesce(max(c.agents), 0),
       coalesce(arg_max(c.ts, (c.agents, -c.ts)), 0)
from (values (1), (2)) as r (reading)
left join curve as c using (reading)
group by reading
order by reading

-- name: standing_number
-- Grain: number of a region and a day, or a month, that is issued or stored: by the newest data file, and in the store. For the
-- comparison with what another configuration gives. Inputs: published._data.daily_concurrent, enabled_daily, monthly_concurrent,
-- monthly_enabled, _data.issued_file; $periods (days and months), $measures (that are issued).
with stored as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents as stored
    from published._data.daily_concurrent
    where location is null
    union all
    select region, 'enabled', day::varchar, agents
    from published._data.enabled_daily
    union all
    select region, 'concurrent', month, agents
    from published._data.monthly_concurrent
    union all
    select region, 'enabled', month, agents
    from published._data.monthly_enabled
),
issued as (
    select region,
           measure,
           period,
           arg_max(value, revision) as issued
    from _data.issued_file
    group by region,
             measure,
             period
)
select region,
       measure,
       period,
       issued,
       stored,
       null::bigint as value
from stored
full join issued using (region, measure, period)
where period in (select unnest($periods::varchar[]))
  and if(length(period) = 7, 'monthly_', 'daily_') || measure in (select unnest($measures::varchar[]))
order by period, measure, region
