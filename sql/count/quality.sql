-- name: quality_agent_without_employee_id
-- R11 agent_without_employee_id: resources with a session that are counted by their key (R6).
-- Inputs: counted_agent, occupied_session.
insert into _data.data_quality
with finding as (
    select a.resource_key as sort_key,
           a.agent as example
    from counted_agent as a
    semi join occupied_session as s using (resource_key)
    where a.is_fallback
)
select $day::date,
       'agent_without_employee_id',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_common_guid
-- R11 common_guid: attempt GUIDs that stand for none: on legs of more than 5 agents of the slice, or put by the site's mapping
-- on calls that have none (R3). Their legs count all the same. GUIDs that few legs have are told apart by a number first:
-- nearly all are such, and texts take more room.
-- Inputs: _data.ocs_activity, _data.default_guid, counted_agent; $day.
insert into _data.data_quality
with repeated as (
    select hash(call_attempt_guid) as guid_hash
    from _data.ocs_activity
    where day = $day::date
      and kind = 'leg'
    group by guid_hash
    having count(*) > 5
    union
    select hash(call_attempt_guid)
    from _data.default_guid
    where day = $day::date
),
used as (
    select a.call_attempt_guid,
           count(*) as legs,
           count(distinct p.agent_id) as agents
    from _data.ocs_activity as a
    semi join repeated as r on r.guid_hash = hash(a.call_attempt_guid)
    join counted_agent as p using (resource_key)
    where a.day = $day::date
      and a.kind = 'leg'
    group by a.call_attempt_guid
),
finding as (
    select -u.legs as sort_key,
           u.call_attempt_guid || ' on ' || u.legs || case u.legs when 1 then ' leg of ' else ' legs of ' end
               || u.agents || case u.agents when 1 then ' agent' else ' agents' end as example
    from used as u
    left join _data.default_guid as d on d.day = $day::date
        and d.call_attempt_guid = u.call_attempt_guid
    where u.agents > 5
       or d.day is not null
)
select $day::date,
       'common_guid',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_cut_off_session
-- R11 cut_off_session: sessions longer than the slice looked back before its day (max_session_hours). Days that begin later
-- than that after the login do not see them. Each example names the hours that would have to be looked back.
-- Inputs: occupied_session, _data.slice; $day.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key || ' of ' || (logout_ts - start_ts + 3599) // 3600 || ' hours' as example
    from occupied_session
    where logout_ts - start_ts > (select lookback_seconds from _data.slice where day = $day::date)
)
select $day::date,
       'cut_off_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_damaged_name
-- R11 damaged_name: agents, switches and attempts whose texts hold bytes that mean nothing in the source's encoding: the
-- reader wrote U+FFFD, x and the byte in their place (extract/text.go). Agents are told by resource_key. Looking for the one
-- character first spares nearly all rows the pattern.
-- Inputs: _data.agent, _data.ocs_activity; $day.
insert into _data.data_quality
with finding as (
    select 1 as sort_key,
           '#' || resource_key as example
    from _data.agent
    where day = $day::date
      and (contains(employee_id, chr(65533)) or contains(resource_name, chr(65533)))
      and (regexp_matches(employee_id, '\x{FFFD}x[89A-F][0-9A-F]')
           or regexp_matches(resource_name, '\x{FFFD}x[89A-F][0-9A-F]'))
    union all
    select distinct 2,
                    'switch ' || switch_name
    from _data.ocs_activity
    where day = $day::date
      and contains(switch_name, chr(65533))
      and regexp_matches(switch_name, '\x{FFFD}x[89A-F][0-9A-F]')
    union all
    select 3,
           kind || ' ' || activity_key
    from _data.ocs_activity
    where day = $day::date
      and contains(call_attempt_guid, chr(65533))
      and regexp_matches(call_attempt_guid, '\x{FFFD}x[89A-F][0-9A-F]')
)
select $day::date,
       'damaged_name',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_duplicate_key
-- R11 duplicate_key: primary keys that the source held twice. Input: _data.duplicate_key; $day.
insert into _data.data_quality
with finding as (
    select relation as sort_key,
           relation || ' ' || row_key as example
    from _data.duplicate_key
    where day = $day::date
)
select $day::date,
       'duplicate_key',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_excluded_agent
-- R11 excluded_agent: agents with a session that exclude_agents leaves out (R6).
-- Inputs: counted_agent, occupied_session.
insert into _data.data_quality
with finding as (
    select distinct a.agent as sort_key,
                    a.agent as example
    from counted_agent as a
    semi join occupied_session as s using (resource_key)
    where a.is_excluded
)
select $day::date,
       'excluded_agent',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_long_session
-- R11 long_session: sessions of more than 24 hours from login to logout. Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where logout_ts - start_ts > 86400
)
select $day::date,
       'long_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_open_activity
-- R11 open_activity: activities without an end, which last until the session in which they started does (R3).
-- Inputs: open_activity.
insert into _data.data_quality
with finding as (
    select activity_key as sort_key,
           kind || ' ' || activity_key as example
    from open_activity
    where not is_other
)
select $day::date,
       'open_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_open_session
-- R11 open_session: sessions without a logout when the slice was read. Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where is_open
)
select $day::date,
       'open_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_orphan_activity
-- R11 orphan_activity: activities that share a second with the day of a region, but with no voice session of
-- their agent. A session of another resource of the same employee is one of the agent's (R6).
-- Inputs: occupied_activity, occupied_session, counted_agent, rule_region_day; $day.
insert into _data.data_quality
with unmatched as (
    select a.*
    from occupied_activity($day) as a
    anti join occupied_session as s on s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    semi join rule_region_day as d on d.start_ts < a.end_ts
        and d.end_ts > a.start_ts
        and d.start_ts < d.end_ts
),
finding as (
    select u.activity_key as sort_key,
           u.kind || ' ' || u.activity_key as example
    from unmatched as u
    left join counted_agent as p using (resource_key)
    anti join occupied_session as s on s.agent_id = p.agent_id
        and s.start_ts < u.end_ts
        and s.end_ts > u.start_ts
)
select $day::date,
       'orphan_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_other_key_activity
-- R11 other_key_activity: activities that qualify no session of their own resource key, and share a second with one of their agent
-- under another key (R6), which they do not qualify (R4).
-- Inputs: occupied_activity, occupied_session, counted_agent; $day.
insert into _data.data_quality
with shared_key as (
    select resource_key,
           agent_id
    from counted_agent
    qualify count(*) over (partition by agent_id) > 1
),
unmatched as (
    select a.*,
           p.agent_id
    from occupied_activity($day) as a
    join shared_key as p using (resource_key)
    anti join occupied_session as s on s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
),
finding as (
    select u.activity_key as sort_key,
           u.kind || ' ' || u.activity_key as example
    from unmatched as u
    semi join occupied_session as s on s.agent_id = u.agent_id
        and s.start_ts < u.end_ts
        and s.end_ts > u.start_ts
)
select $day::date,
       'other_key_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_overlapping_sessions
-- R11 overlapping_sessions: sessions that share a second with an earlier one of the same agent.
-- Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where shares_earlier
)
select $day::date,
       'overlapping_sessions',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_rejected_activity
-- R11 rejected_activity: activities that R3 rejects. Input: _data.ocs_activity; $day.
insert into _data.data_quality
with finding as (
    select activity_key as sort_key,
           kind || ' ' || activity_key as example
    from _data.ocs_activity
    where day = $day::date
      and (start_ts is null
           or (coalesce(active_flag, 0) = 0 and end_ts < start_ts))
)
select $day::date,
       'rejected_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_rejected_session
-- R11 rejected_session: voice sessions that R2 rejects. Input: _data.voice_session; $day.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from _data.voice_session
    where day = $day::date
      and (start_ts is null
           or (coalesce(active_flag, 0) = 0 and end_ts < start_ts))
)
select $day::date,
       'rejected_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_several_regions
-- R11 several_regions: qualifying sessions whose switches lead into more than one region.
-- Inputs: session_location, place, occupied_session.
insert into _data.data_quality
with spread as (
    select l.session_id
    from session_location as l
    join place as p using (place_id)
    group by l.session_id
    having min(p.region_id) <> max(p.region_id)
),
finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key::varchar as example
    from spread
    join occupied_session as s on s.rowid = spread.session_id
)
select $day::date,
       'several_regions',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_unknown_switch
-- R11 unknown_switch: qualifying sessions without a known switch, put into the default location (R5).
-- Inputs: session_location, occupied_session.
insert into _data.data_quality
with finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key::varchar as example
    from session_location as l
    join occupied_session as s on s.rowid = l.session_id
    where l.told_by = 'nothing'
      and l.place_id <> 0
)
select $day::date,
       'unknown_switch',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])

-- name: quality_unmapped_switch
-- R11 unmapped_switch: qualifying sessions with a switch that no location lists, or none that is known, where
-- there is no default location (R5). Each example names the switches.
-- Inputs: session_location, occupied_activity, occupied_other_leg, occupied_session, rule_switch; $day.
insert into _data.data_quality
with unmapped as (
    select session_id,
           told_by
    from session_location
    where place_id = 0
),
reached as (
    select u.session_id,
           a.switch_name
    from unmapped as u
    join occupied_session as s on s.rowid = u.session_id
    join occupied_activity($day) as a on a.resource_key = s.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    union all
    select u.session_id,
           o.switch_name
    from unmapped as u
    join occupied_session as s on s.rowid = u.session_id
    join occupied_other_leg as o on o.resource_key = s.resource_key
        and s.start_ts < o.end_ts
        and s.end_ts > o.start_ts
    where u.told_by = 'other leg'
),
named as (
    select r.session_id,
           string_agg(distinct r.switch_name, ', ' order by r.switch_name) as switches
    from reached as r
    where r.switch_name is not null
      and not exists (
          from rule_switch as w
          where w.switch_name = r.switch_name
      )
    group by r.session_id
),
finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key || ' on ' || coalesce(n.switches, 'an unknown switch') as example
    from unmapped
    join occupied_session as s on s.rowid = unmapped.session_id
    left join named as n using (session_id)
)
select $day::date,
       'unmapped_switch',
       true,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
