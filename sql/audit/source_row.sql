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
