-- name: keep_month_agent
-- The agents of a month as they were counted from the kept slices: before the source is read again. Input: month_agent.
create or replace temp table kept_month_agent as
from month_agent

-- name: source_effect
-- Grain: agent of a region's day whose part in it is another one now: qualifying sessions as kept and as read
-- again, and whether the agent is in the peak of either. Inputs: kept_qualifying_session, the results of the slice
-- read again; $day, $region, $peak_before, $peak_after (epoch seconds, 0: no peak).
with before as (
    select agent,
           count(distinct (sm_res_session_fact_key, start_date_time_key)) as sessions,
           bool_or(start_ts <= $peak_before and end_ts > $peak_before) as is_in_peak,
           list(distinct (start_ts, end_ts) order by (start_ts, end_ts)) as spans
    from kept_qualifying_session
    where day = $day::date
      and region = $region
    group by agent
),
after as (
    select agent,
           count(distinct (sm_res_session_fact_key, start_date_time_key)) as sessions,
           bool_or(start_ts <= $peak_after and end_ts > $peak_after) as is_in_peak,
           list(distinct (start_ts, end_ts) order by (start_ts, end_ts)) as spans
    from _data.qualifying_session
    where day = $day::date
      and region = $region
    group by agent
)
select agent,
       coalesce(b.sessions, 0),
       coalesce(a.sessions, 0),
       coalesce(b.is_in_peak, false),
       coalesce(a.is_in_peak, false)
from before as b
full join after as a using (agent)
where b.spans is distinct from a.spans
   or coalesce(b.is_in_peak, false) <> coalesce(a.is_in_peak, false)
order by agent

-- name: source_month
-- Grain: agent of a region's month who is counted by the kept slices or by those read again, not by both.
-- Inputs: kept_month_agent, month_agent of the slices read again; $region.
with before as (
    select agent
    from kept_month_agent
    where region = $region
),
after as (
    select agent
    from month_agent
    where region = $region
)
select agent,
       a.agent is not null
from before as b
full join after as a using (agent)
where a.agent is null
   or b.agent is null
order by agent

-- name: source_row
-- Grain: row of a day that the source has otherwise than the kept slice: whose, which, what it was and what it is;
-- empty where there was or is none. What the slice keeps beside its own rows (R3, R5) is among them. A new update_audit_key alone is
-- no change.
-- Inputs: the published slice, the slice read again; $day.
with kept_agent as (
    select resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent
    from published._data.agent
    where day = $day::date
),
read_agent as (
    select resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent
    from _data.agent
    where day = $day::date
),
kept as (
    select 'session' as kind,
           'session ' || sm_res_session_fact_key as row_name,
           start_date_time_key,
           resource_key,
           coalesce(strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ'), 'no start') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end as words
    from published._data.voice_session
    where day = $day::date
    union all
    select 'activity',
           kind || ' ' || activity_key,
           start_date_time_key,
           resource_key,
           coalesce(strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ'), 'no start') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
               || ' on ' || coalesce(switch_name, 'an unknown switch') || ', attempt ' || coalesce(call_attempt_guid, 'unknown')
               || coalesce(', ' || dialing_mode_code, '')
    from published._data.ocs_activity
    where day = $day::date
    union all
    select 'activity',
           'other leg ' || activity_key,
           start_date_time_key,
           resource_key,
           strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
               || ' on ' || switch_name
    from published._data.other_leg
    where day = $day::date
    union all
    select 'session',
           'other session ' || sm_res_session_fact_key,
           start_date_time_key,
           resource_key,
           strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
    from published._data.other_session
    where day = $day::date
    union all
    select 'agent',
           'resource ' || resource_key,
           0,
           resource_key,
           'employee ' || coalesce(employee_id, 'unknown') || ', name ' || coalesce(resource_name, 'unknown')
    from published._data.agent
    where day = $day::date
),
read as (
    select 'session' as kind,
           'session ' || sm_res_session_fact_key as row_name,
           start_date_time_key,
           resource_key,
           coalesce(strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ'), 'no start') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end as words
    from _data.voice_session
    where day = $day::date
    union all
    select 'activity',
           kind || ' ' || activity_key,
           start_date_time_key,
           resource_key,
           coalesce(strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ'), 'no start') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
               || ' on ' || coalesce(switch_name, 'an unknown switch') || ', attempt ' || coalesce(call_attempt_guid, 'unknown')
               || coalesce(', ' || dialing_mode_code, '')
    from _data.ocs_activity
    where day = $day::date
    union all
    select 'activity',
           'other leg ' || activity_key,
           start_date_time_key,
           resource_key,
           strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
               || ' on ' || switch_name
    from _data.other_leg
    where day = $day::date
    union all
    select 'session',
           'other session ' || sm_res_session_fact_key,
           start_date_time_key,
           resource_key,
           strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
    from _data.other_session
    where day = $day::date
    union all
    select 'agent',
           'resource ' || resource_key,
           0,
           resource_key,
           'employee ' || coalesce(employee_id, 'unknown') || ', name ' || coalesce(resource_name, 'unknown')
    from _data.agent
    where day = $day::date
)
select coalesce(ra.agent, ka.agent, '#' || coalesce(r.resource_key, k.resource_key)) as agent,
       coalesce(r.kind, k.kind) as kind,
       coalesce(r.row_name, k.row_name) as row_name,
       coalesce(k.words || case when k.resource_key <> r.resource_key then ', resource ' || k.resource_key else '' end, '') as was,
       coalesce(r.words || case when k.resource_key <> r.resource_key then ', resource ' || r.resource_key else '' end, '') as is_now
from kept as k
full join read as r on r.kind = k.kind
    and r.row_name = k.row_name
    and r.start_date_time_key = k.start_date_time_key
left join kept_agent as ka on ka.resource_key = k.resource_key
left join read_agent as ra on ra.resource_key = r.resource_key
where k.words is distinct from r.words
   or k.resource_key is distinct from r.resource_key
order by agent, kind desc, row_name, coalesce(r.start_date_time_key, k.start_date_time_key)
