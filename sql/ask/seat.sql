-- name: seat
-- Grain: second of a region's day that is asked for x qualifying session x location that occupies it, with the activity that
-- qualified it there, and why that activity leads to the location (R5). Agents in alphabetical order.
-- The store names that activity without its start_date_time_key; where two rows fit, the one that the
-- counting met first is taken. (Not by row_number() = 1: where DuckDB 1.5.6 can tell beforehand that there is
-- no row, that fails in its optimizer.)
-- The switch of a session whose activities know none is told by the other legs that share a second with it: for a location by the earliest
-- that leads there. A leg without an end lasts until the session does in which it started (R3).
-- Inputs: _data.qualifying_session, voice_session, other_session, ocs_activity, other_leg, slice; $days, $regions, $ats (one of each a
-- second, and a day's region once), $location ('' for every location of the region), $rules, of each day, as JSON.
with asked as (
    select unnest($days::varchar[]::date[]) as day,
           unnest($regions::varchar[]) as region,
           unnest($ats::bigint[]) as at
),
rule as materialized (
    select unnest(day)
    from (
        select unnest(from_json_strict($rules, '[{
            "day": "DATE",
            "end_second_counts": "BOOLEAN",
            "regions": [{
                "region": "VARCHAR",
                "locations": [{"location": "VARCHAR", "switches": ["VARCHAR"]}]
            }]
        }]')) as day
    )
),
place as (
    select day,
           region.region as region,
           unnest(region.locations, recursive := true)
    from (select day, unnest(regions) as region from rule)
),
listed as materialized (
    select day,
           region,
           location,
           unnest(switches) as switch_name
    from place
),
fallback as (
    select *
    from place
    where len(coalesce(switches, [])) = 0
),
seated as (
    select q.*
    from _data.qualifying_session as q
    join asked as w on w.day = q.day
        and w.region = q.region
        and q.start_ts <= w.at
        and q.end_ts > w.at
    where $location = ''
       or q.location = $location
),
first_activity as (
    select a.day,
           a.kind,
           a.activity_key,
           a.resource_key,
           a.start_ts,
           min(a.start_date_time_key) as date_time_key,
           arg_min(coalesce(a.switch_name, ''), a.start_date_time_key) as switch_name,
           arg_min(coalesce(a.call_attempt_guid, ''), a.start_date_time_key) as call_attempt_guid
    from _data.ocs_activity as a
    semi join seated as q on q.day = a.day
        and q.first_kind = a.kind
        and q.first_activity_key = a.activity_key
        and q.resource_key = a.resource_key
        and q.first_activity_ts = a.start_ts
    group by a.day, a.kind, a.activity_key, a.resource_key, a.start_ts
),
login as (
    select s.day,
           s.resource_key,
           s.start_ts,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(o.as_of, s.start_ts + 1) + d.end_second_counts::integer
               else greatest(s.end_ts + d.end_second_counts::integer, s.start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    ) as s
    join _data.slice as o using (day)
    join rule as d using (day)
    where coalesce(s.active_flag, 0) <> 0
       or s.end_ts is null
       or s.end_ts >= s.start_ts
),
leg as (
    select l.day,
           l.activity_key,
           l.start_date_time_key,
           l.resource_key,
           l.switch_name,
           l.start_ts,
           case
               when coalesce(l.active_flag, 0) <> 0 or l.end_ts is null then greatest(coalesce(max(g.until_ts), any_value(o.as_of)), l.start_ts + 1)
               else greatest(l.end_ts, l.start_ts + 1)
           end as end_ts
    from _data.other_leg as l
    join _data.slice as o using (day)
    join rule as d using (day)
    left join login as g on g.day = l.day
        and g.resource_key = l.resource_key
        and g.start_ts <= l.start_ts
        and g.until_ts > l.start_ts
    group by l.day, l.activity_key, l.start_date_time_key, l.resource_key, l.switch_name, l.start_ts, l.end_ts, l.active_flag
),
told as (
    select q.day,
           q.region,
           q.location,
           q.sm_res_session_fact_key,
           q.start_date_time_key,
           arg_min(
               case
                   when l.switch_name = '' then 'default: switch unknown'
                   when p.region is not null then 'listed switch'
                   else 'default: switch not listed'
               end || ' (' || l.switch_name || ', told by leg ' || l.activity_key || ' of the same login)',
               {start_ts: l.start_ts, activity_key: l.activity_key, date_time_key: l.start_date_time_key}
           ) as decision
    from seated as q
    join leg as l on l.day = q.day
        and l.resource_key = q.resource_key
        and l.start_ts < q.end_ts
        and l.end_ts > q.start_ts
    left join listed as p on p.day = l.day
        and p.switch_name = l.switch_name
    left join fallback as f on f.day = l.day
    where coalesce(p.region, f.region) = q.region
      and if(p.region is not null, p.location, f.location) = q.location
    group by q.day, q.region, q.location, q.sm_res_session_fact_key, q.start_date_time_key
)
select q.day::varchar,
       q.region,
       q.agent,
       q.resource_key,
       q.location,
       q.sm_res_session_fact_key,
       q.start_date_time_key,
       q.start_ts,
       case when not q.is_open then s.end_ts end as logout_ts,
       q.end_ts,
       q.activities,
       a.kind,
       a.activity_key,
       a.date_time_key,
       a.start_ts,
       a.switch_name,
       a.call_attempt_guid,
       case
           when a.switch_name = '' then coalesce(t.decision, 'default: switch unknown')
           when p.region is not null then 'listed switch'
           else 'default: switch not listed'
       end as decision
from seated as q
join _data.voice_session as s on s.day = q.day
    and s.sm_res_session_fact_key = q.sm_res_session_fact_key
    and s.start_date_time_key = q.start_date_time_key
join first_activity as a on a.day = q.day
    and a.kind = q.first_kind
    and a.activity_key = q.first_activity_key
    and a.resource_key = q.resource_key
    and a.start_ts = q.first_activity_ts
left join listed as p on p.day = q.day
    and p.switch_name = a.switch_name
left join told as t on t.day = q.day
    and t.region = q.region
    and t.location = q.location
    and t.sm_res_session_fact_key = q.sm_res_session_fact_key
    and t.start_date_time_key = q.start_date_time_key
order by q.day, q.region, q.agent, q.start_ts, q.sm_res_session_fact_key, q.start_date_time_key, q.location

-- name: curve
-- Grain: step of a scope's curve (R8), in order, as it was stored, with the day's state: final or provisional (R10).
-- Inputs: _data.concurrency, computation; $day, $region, $location ('' for the region as a whole).
select d.state,
       c.start_ts,
       c.end_ts,
       c.agents,
       c.sessions
from _data.concurrency as c
join _data.computation as d using (day)
where c.day = $day::date
  and c.region = $region
  and coalesce(c.location, '') = $location
order by c.start_ts

-- name: minute
-- Grain: minute of a scope's day with somebody in it, of those with the most agents at once the first $top: how many of its seconds are at
-- that number, and the sum of the agents over its seconds. Among equals those with more agent-seconds first, and then the earlier ones.
-- Inputs: _data.concurrency; $day, $region, $location ('' for the region as a whole), $top; $tenant, which stands in every row.
with cut as (
    select agents,
           minute,
           least(end_ts, minute + 60) - greatest(start_ts, minute) as seconds,
           max(agents) over (partition by minute) as most
    from (
        select *,
               unnest(range(start_ts - start_ts % 60, end_ts, 60)) as minute
        from _data.concurrency
        where day = $day::date
          and region = $region
          and coalesce(location, '') = $location
          and agents > 0
    )
)
select $tenant as tenant,
       $region as region,
       nullif($location, '') as location,
       to_timestamp(minute) as minute,
       most as agents,
       (sum(seconds) filter (agents = most))::bigint as seconds,
       sum(agents * seconds)::bigint as agent_seconds
from cut as c
group by c.minute, most
order by most desc, agent_seconds desc, c.minute
limit $top
