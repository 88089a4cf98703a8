-- name: agent_resource
-- Grain: day x resource of an agent in its slice (R6): by employee_id, or #resource_key where that is empty. A resource
-- that has a session but no row of its own goes by its key.
-- Inputs: _data.agent, voice_session; $days, $agent.
with resource as (
    select day,
           resource_key,
           coalesce(employee_id, '') as employee_id,
           coalesce(resource_name, '') as resource_name
    from _data.agent
    where coalesce(nullif(employee_id, ''), '#' || resource_key) = $agent
    union all
    select distinct day,
                    resource_key,
                    '',
                    ''
    from _data.voice_session as s
    where $agent like '#%'
      and '#' || resource_key = $agent
      and not exists (
          from _data.agent as a
          where a.day = s.day
            and a.resource_key = s.resource_key
      )
)
select day::varchar,
       resource_key,
       employee_id,
       resource_name
from resource
where day in (select unnest($days::varchar[])::date)
order by day, resource_key

-- name: agent_session
-- Grain: voice session of a resource in the slice of a day, as read, rejected ones too; and, is_beside, one outside the slice:
-- activities without an end started in it (R3).
-- Inputs: _data.voice_session, other_session; $days, $resource_keys.
select day::varchar,
       resource_key,
       is_beside,
       sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       case when coalesce(active_flag, 0) = 0 then end_ts end as logout_ts -- null while it is open, whatever its row says
from (
    select *,
           false as is_beside
    from _data.voice_session
    union all by name
    select *,
           true as is_beside
    from _data.other_session
)
where day in (select unnest($days::varchar[])::date)
  and resource_key in (select unnest($resource_keys::bigint[]))
order by day, resource_key, start_ts nulls first, end_ts, sm_res_session_fact_key, start_date_time_key

-- name: agent_activity
-- Grain: activity of a resource in the slice of a day, as read, rejected ones too; in the order in which the counting
-- numbers them, so that the first that fits is the one the store names. And, is_other, leg that only tells a switch (R5).
-- Inputs: _data.ocs_activity, other_leg; $days, $resource_keys.
select day::varchar,
       resource_key,
       is_other,
       kind,
       activity_key,
       start_date_time_key,
       coalesce(start_ts, 0),
       coalesce(switch_name, '') as switch_name,
       coalesce(call_attempt_guid, '') as call_attempt_guid,
       start_ts is not null as has_start,
       case when coalesce(active_flag, 0) = 0 then end_ts end as end_ts
from (
    select *,
           false as is_other
    from _data.ocs_activity
    union all by name
    select *,
           'leg' as kind,
           true as is_other
    from _data.other_leg
)
where day in (select unnest($days::varchar[])::date)
  and resource_key in (select unnest($resource_keys::bigint[]))
order by day, resource_key, start_ts, kind, activity_key, start_date_time_key

-- name: agent_seat
-- Grain: session x location of an agent that was counted on a day, in any region.
-- Input: _data.qualifying_session; $days, $agent.
select day::varchar,
       sm_res_session_fact_key,
       start_date_time_key,
       region,
       location
from _data.qualifying_session
where day in (select unnest($days::varchar[])::date)
  and agent = $agent
