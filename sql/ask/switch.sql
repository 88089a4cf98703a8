-- name: draft_switch
-- Grain: switch on which sessions qualify (R4), over all days of the store, by name; last, without one: the sessions that have no
-- known switch, which belong to the default location (R5). Nobody is excluded yet.
-- Inputs: _data.slice, _data.voice_session, _data.ocs_activity, _data.agent.
with session as (
    select s.*,
           greatest(case when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then i.as_of else s.end_ts end, s.start_ts + 1) as until_ts
    from _data.voice_session as s
    join _data.slice as i using (day)
    where coalesce(s.active_flag, 0) <> 0
       or s.end_ts is null
       or s.end_ts >= s.start_ts
),
activity as (
    select a.* replace (nullif(a.switch_name, '') as switch_name),
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then i.as_of else a.end_ts end, a.start_ts + 1) as until_ts
    from _data.ocs_activity as a
    join _data.slice as i using (day)
    where coalesce(a.active_flag, 0) <> 0
       or a.end_ts is null
       or a.end_ts >= a.start_ts
),
qualifying as (
    select s.sm_res_session_fact_key,
           s.start_date_time_key,
           coalesce(nullif(g.employee_id, ''), '#' || s.resource_key) as agent,
           a.kind,
           a.activity_key,
           a.start_date_time_key as activity_time_key,
           a.switch_name
    from activity as a
    join session as s on s.day = a.day
        and s.resource_key = a.resource_key
        and s.start_ts < a.until_ts
        and s.until_ts > a.start_ts
    left join _data.agent as g on g.day = s.day
        and g.resource_key = s.resource_key
),
placed as (
    select *,
           bool_or(switch_name is not null) over (partition by sm_res_session_fact_key, start_date_time_key) as has_switch
    from qualifying
)
select coalesce(switch_name, '') as name,
       count(distinct (sm_res_session_fact_key, start_date_time_key)) as sessions,
       count(distinct agent) as agents,
       count(distinct (kind, activity_key, activity_time_key)) as activities
from placed
where switch_name is not null
   or not has_switch
group by switch_name
order by switch_name nulls last

-- name: draft_location
-- Grain: switch, by its place in $names (from 1), with the location that it is put into: those whose names differ in a number at the end
-- into one. In the order of the locations, last 0 with the name of the default location. A location is named like its switches and, on a
-- file system that does not tell capital letters from small ones, like no other: at most 50 of 63 letters, so that a number can follow.
with recursive switch as (
    select place,
           name,
           coalesce(nullif(regexp_replace(name, '[^A-Za-z0-9]*[0-9]+$', ''), ''), name) as stem
    from (
        select unnest($names::varchar[]) as name,
               generate_subscripts($names::varchar[], 1) as place
    )
),
location as (
    select stem,
           min(place) as place,
           if(count(*) = 1, any_value(name), stem) as name
    from switch
    group by stem
    union all
    select null,
           null,
           'other'
),
like_it as (
    select stem,
           row_number() over (order by place nulls last) as no,
           coalesce(nullif(ltrim(regexp_replace(name, '[^A-Za-z0-9_-]+', '_', 'g'), '_-')[:50], ''), 'location') as name
    from location
),
named as (
    select 0::bigint as no,
           null::varchar as stem,
           null::varchar as name,
           []::varchar[] as taken
    union all
    select l.no,
           l.stem,
           list_filter([l.name] || list_transform(range(2, l.no + 1), lambda n: l.name || '-' || n),
                       lambda name: not list_contains(was.taken, lower(name)))[1] as free,
           list_append(was.taken, lower(free))
    from named as was
    join like_it as l on l.no = was.no + 1
)
select coalesce(s.place, 0),
       n.name
from named as n
left join switch as s on s.stem = n.stem
where n.no > 0
order by n.no, s.place
