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
