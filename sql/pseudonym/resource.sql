-- Grain: resource of the one day in the scratch store: who it is, and whether a pattern of exclude_agents fits it,
-- as sql/compute/counted_agent.sql asks it (R6). Input: $patterns (JSON).
with wildcard as (
    select replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from (select unnest(from_json($patterns, '["VARCHAR"]')) as pattern)
),
resource as (
    select resource_key
    from _data.agent
    union
    select resource_key
    from _data.voice_session
    union
    select resource_key
    from _data.ocs_activity
    union
    select resource_key
    from _data.other_leg
    union
    select resource_key
    from _data.other_session
)
select r.resource_key,
       coalesce(a.employee_id, '') as employee_id,
       exists (
           from wildcard as w
           where coalesce(a.employee_id, '') like w.wildcard escape '!'
              or coalesce(a.resource_name, '') like w.wildcard escape '!'
       ) as is_excluded
from resource as r
left join _data.agent as a using (resource_key)
order by r.resource_key
