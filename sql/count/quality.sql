-- name: data_quality
-- Grain: rule and day (R11), of every rule and day, if only a zero. The statements quality_... below are queries of what rules find:
-- rule, day, sort_key, example. What they find is counted, and the examples cut to the first 20 in the order of sort_key and example,
-- here. Rules that look at the same rows are one statement: it goes over them once. unmapped_switch alone keeps a tenant's numbers
-- from being issued. Input: rule.
insert into _data.data_quality
with finding as (
    {{- range $i, $text := .}}
    {{- if $i}}
    union all
    {{- end}}
    select rule, day, sort_key, example from (
{{$text}}    )
    {{- end}}
),
found as (
    select rule,
           day,
           count(*) as occurrences,
           list_transform(min(struct_pack(sort_key := sort_key, example := example), 20), lambda first: first.example) as examples
    from finding
    group by rule, day
)
select d.day,
       r.rule,
       r.rule = 'unmapped_switch',
       coalesce(f.occurrences, 0),
       coalesce(f.examples, [])
from rule as d
cross join (
    select unnest([
        'agent_without_employee_id', 'common_guid', 'cut_off_session', 'damaged_name', 'duplicate_key', 'excluded_agent',
        'long_session', 'open_activity', 'open_session', 'orphan_activity', 'other_key_activity', 'overlapping_sessions',
        'rejected_activity', 'rejected_session', 'several_regions', 'unknown_switch', 'unmapped_switch'
    ]) as rule
) as r
left join found as f on f.day = d.day
    and f.rule = r.rule
order by d.day, r.rule

-- name: quality_agent
-- agent_without_employee_id: resources with a session that are counted by their key (R6). excluded_agent: agents with a session
-- that exclude_agents leaves out. Inputs: counted_agent, occupied_session.
with told as (
    select day,
           resource_key,
           agent,
           unnest([if(is_fallback, 'agent_without_employee_id', null), if(is_excluded, 'excluded_agent', null)]) as rule
    from counted_agent
    semi join occupied_session using (day, resource_key)
    where is_fallback
       or is_excluded
)
select distinct rule,
                day,
                if(rule = 'excluded_agent', 0, resource_key) as sort_key,
                agent as example
from told
where rule is not null

-- name: quality_common_guid
-- Attempt GUIDs that stand for none: on legs of more than 5 agents of the slice, or put by the site's mapping
-- on calls that have none (R3). Their legs count all the same. GUIDs that few legs have are told apart by a number first:
-- nearly all are such, and texts take more room.
-- Inputs: _data.ocs_activity, _data.default_guid, counted_agent, rule.
with repeated as (
    select day,
           hash(call_attempt_guid) as guid_hash
    from _data.ocs_activity
    semi join rule using (day)
    where kind = 'leg'
    group by day, guid_hash
    having count(*) > 5
    union
    select day,
           hash(call_attempt_guid)
    from _data.default_guid
    semi join rule using (day)
),
used as (
    select a.day,
           a.call_attempt_guid,
           count(*) as legs,
           count(distinct p.agent_id) as agents
    from _data.ocs_activity as a
    semi join repeated as r on r.day = a.day
        and r.guid_hash = hash(a.call_attempt_guid)
    join counted_agent as p on p.day = a.day
        and p.resource_key = a.resource_key
    where a.kind = 'leg'
    group by a.day, a.call_attempt_guid
)
select 'common_guid' as rule,
       u.day,
       -u.legs as sort_key,
       u.call_attempt_guid || ' on ' || u.legs || case u.legs when 1 then ' leg of ' else ' legs of ' end
           || u.agents || case u.agents when 1 then ' agent' else ' agents' end as example
from used as u
left join _data.default_guid as d on d.day = u.day
    and d.call_attempt_guid = u.call_attempt_guid
where u.agents > 5
   or d.day is not null

-- name: quality_damaged_name
-- Agents, switches and attempts whose texts hold bytes that mean nothing in the source's encoding: the
-- reader wrote U+FFFD, x and the byte in their place (extract/receive.go). Agents are told by resource_key. Looking for the one
-- character first spares nearly all rows the pattern.
-- Inputs: _data.agent, _data.ocs_activity, rule.
select 'damaged_name' as rule,
       day,
       1 as sort_key,
       '#' || resource_key as example
from _data.agent
semi join rule using (day)
where (contains(employee_id, chr(65533)) or contains(resource_name, chr(65533)))
  and (regexp_matches(employee_id, '\x{FFFD}x[89A-F][0-9A-F]')
       or regexp_matches(resource_name, '\x{FFFD}x[89A-F][0-9A-F]'))
union all
select distinct 'damaged_name',
                day,
                2,
                'switch ' || switch_name
from _data.ocs_activity
semi join rule using (day)
where contains(switch_name, chr(65533))
  and regexp_matches(switch_name, '\x{FFFD}x[89A-F][0-9A-F]')
union all
select 'damaged_name',
       day,
       3,
       kind || ' ' || activity_key
from _data.ocs_activity
semi join rule using (day)
where contains(call_attempt_guid, chr(65533))
  and regexp_matches(call_attempt_guid, '\x{FFFD}x[89A-F][0-9A-F]')

-- name: quality_duplicate_key
-- Primary keys that the source held twice. Inputs: _data.duplicate_key, rule.
select 'duplicate_key' as rule,
       day,
       0 as sort_key,
       relation || ' ' || row_key as example
from _data.duplicate_key
semi join rule using (day)

-- name: quality_open_activity
-- Activities without an end, which last until the session in which they started does (R3). Input: open_activity.
select 'open_activity' as rule,
       day,
       activity_key as sort_key,
       kind || ' ' || activity_key as example
from open_activity
where not is_other

-- name: quality_rejected_activity
-- Activities that R3 rejects. Inputs: _data.ocs_activity, rule.
select 'rejected_activity' as rule,
       day,
       activity_key as sort_key,
       kind || ' ' || activity_key as example
from _data.ocs_activity
semi join rule using (day)
where start_ts is null
   or (coalesce(active_flag, 0) = 0 and end_ts < start_ts)

-- name: quality_rejected_session
-- Voice sessions that R2 rejects. Inputs: _data.voice_session, rule.
select 'rejected_session' as rule,
       day,
       sm_res_session_fact_key as sort_key,
       sm_res_session_fact_key::varchar as example
from _data.voice_session
semi join rule using (day)
where start_ts is null
   or (coalesce(active_flag, 0) = 0 and end_ts < start_ts)

-- name: quality_session
-- cut_off_session: sessions longer than the slice looked back before its day (max_session_hours). Days that begin later than that
-- after the login do not see them. Each example names the hours that would have to be looked back. long_session: of more than 24
-- hours from login to logout. open_session: without a logout when the slice was read. overlapping_sessions: that share a second with
-- an earlier one of the same agent. Inputs: occupied_session, _data.slice.
with told as (
    select day,
           o.sm_res_session_fact_key as session_key,
           o.logout_ts - o.start_ts as seconds,
           unnest([
               if(seconds > s.lookback_seconds, 'cut_off_session', null),
               if(seconds > 86400, 'long_session', null),
               if(o.is_open, 'open_session', null),
               if(o.shares_earlier, 'overlapping_sessions', null)
           ]) as rule
    from occupied_session as o
    join _data.slice as s using (day)
    where seconds > least(86400, s.lookback_seconds)
       or o.is_open
       or o.shares_earlier
)
select rule,
       day,
       session_key as sort_key,
       session_key || if(rule = 'cut_off_session', ' of ' || (seconds + 3599) // 3600 || ' hours', '') as example
from told
where rule is not null

-- name: quality_several_regions
-- Qualifying sessions whose switches lead into more than one region. Inputs: session_location, place, occupied_session.
with spread as (
    select l.session_id
    from session_location as l
    join place as p using (place_id)
    group by l.session_id
    having min(p.region_id) <> max(p.region_id)
)
select 'several_regions' as rule,
       s.day,
       s.sm_res_session_fact_key as sort_key,
       s.sm_res_session_fact_key::varchar as example
from spread
join occupied_session as s on s.rowid = spread.session_id

-- name: quality_unknown_switch
-- Qualifying sessions without a known switch, put into the default location (R5). Inputs: session_location, occupied_session.
select 'unknown_switch' as rule,
       s.day,
       s.sm_res_session_fact_key as sort_key,
       s.sm_res_session_fact_key::varchar as example
from session_location as l
join occupied_session as s on s.rowid = l.session_id
where l.told_by = 'nothing'
  and l.place_id <> 0

-- name: quality_unmatched_activity
-- Activities that qualify no session of their own resource key (R4). other_key_activity: that share a second with one of their agent
-- under another key (R6). orphan_activity: that share a second with the day of a region, but with no voice session of their agent.
-- Inputs: occupied_activity, occupied_session, counted_agent, rule_region_day.
with unmatched as (
    select a.day,
           a.start_ts,
           a.end_ts,
           a.activity_key as sort_key,
           a.kind || ' ' || a.activity_key as example,
           p.agent_id
    from occupied_activity as a
    anti join occupied_session as s on s.day = a.day
        and s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
        and s.start_ts < s.end_ts
    left join counted_agent as p on p.day = a.day
        and p.resource_key = a.resource_key
)
select 'other_key_activity' as rule,
       u.day,
       u.sort_key,
       u.example
from unmatched as u
semi join occupied_session as s on s.agent_id = u.agent_id
    and s.start_ts < u.end_ts
    and s.end_ts > u.start_ts
union all
select 'orphan_activity',
       u.day,
       u.sort_key,
       u.example
from unmatched as u
semi join rule_region_day as d on d.day = u.day
    and d.start_ts < u.end_ts
    and d.end_ts > u.start_ts
    and d.start_ts < d.end_ts
anti join occupied_session as s on s.agent_id = u.agent_id
    and s.start_ts < u.end_ts
    and s.end_ts > u.start_ts

-- name: quality_unmapped_switch
-- Qualifying sessions with a switch that no location lists, or none that is known, where
-- there is no default location (R5). Each example names the switches.
-- Inputs: session_location, occupied_activity, occupied_other_leg, occupied_session, rule_switch.
with told as (
    select day,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           false as is_other
    from occupied_activity
    union all
    select *,
           true
    from occupied_other_leg
)
select 'unmapped_switch' as rule,
       s.day,
       s.sm_res_session_fact_key as sort_key,
       s.sm_res_session_fact_key || ' on ' || coalesce(
           string_agg(distinct t.switch_name, ', ' order by t.switch_name) filter (where w.switch_name is null), 'an unknown switch'
       ) as example
from session_location as l
join occupied_session as s on s.rowid = l.session_id
left join told as t on t.day = s.day
    and t.resource_key = s.resource_key
    and s.start_ts < t.end_ts
    and s.end_ts > t.start_ts
    and (not t.is_other or l.told_by = 'other leg')
left join rule_switch as w on w.day = t.day
    and w.switch_name = t.switch_name
where l.place_id = 0
  and s.start_ts < s.end_ts
group by l.session_id, s.day, s.sm_res_session_fact_key
