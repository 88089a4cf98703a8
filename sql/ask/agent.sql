-- name: agent_activity
-- Grain: activity of a resource in a slice, as read, rejected ones too; in the order in which the counting
-- numbers them, so that the first that fits is the one the store names.
-- Input: _data.ocs_activity; $day, $resource_key.
select kind,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active,
       coalesce(switch_name, '') as switch_name,
       coalesce(call_attempt_guid, '') as call_attempt_guid
from _data.ocs_activity
where day = $day::date
  and resource_key = $resource_key
order by start_ts, kind, activity_key, start_date_time_key

-- name: agent_other_leg
-- Grain: leg of a resource that only tells a switch (R5), as read.
-- Input: _data.other_leg; $day, $resource_key.
select 'leg' as kind,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active,
       switch_name,
       '' as call_attempt_guid
from _data.other_leg
where day = $day::date
  and resource_key = $resource_key
order by start_ts, activity_key, start_date_time_key

-- name: agent_other_session
-- Grain: voice session of a resource beside a slice, as read: activities without an end started in it (R3).
-- Input: _data.other_session; $day, $resource_key.
select sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active
from _data.other_session
where day = $day::date
  and resource_key = $resource_key
order by start_ts, sm_res_session_fact_key, start_date_time_key

-- name: agent_resource
-- Grain: resource of an agent in a slice (R6): by employee_id, or #resource_key where that is empty. A resource
-- that has a session but no row of its own goes by its key.
-- Inputs: _data.agent, _data.voice_session; $day, $agent.
select resource_key,
       coalesce(employee_id, '') as employee_id,
       coalesce(resource_name, '') as resource_name
from _data.agent
where day = $day::date
  and coalesce(nullif(employee_id, ''), '#' || resource_key) = $agent
union all
select distinct resource_key,
                '',
                ''
from _data.voice_session as s
where day = $day::date
  and $agent like '#%'
  and '#' || resource_key = $agent
  and not exists (
      from _data.agent as a
      where a.day = $day::date
        and a.resource_key = s.resource_key
  )
order by resource_key

-- name: agent_seat
-- Grain: session x location of an agent that was counted on a day, in any region.
-- Input: _data.qualifying_session; $day, $agent.
select sm_res_session_fact_key,
       start_date_time_key,
       region,
       location
from _data.qualifying_session
where day = $day::date
  and agent = $agent

-- name: agent_session
-- Grain: voice session of a resource in a slice, as read, rejected ones too.
-- Input: _data.voice_session; $day, $resource_key.
select sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active
from _data.voice_session
where day = $day::date
  and resource_key = $resource_key
order by start_ts nulls first, end_ts, sm_res_session_fact_key, start_date_time_key
