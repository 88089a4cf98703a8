-- The agents that the slice's sessions and activities name (R6).
insert into _data.agent
select $day::date,
       a.resource_key,
       a.employee_id,
       a.resource_name
from _stage.gim.known_agent as a
semi join (
    select resource_key
    from _data.voice_session
    where day = $day::date
    union
    select resource_key
    from _data.ocs_activity
    where day = $day::date
) as used using (resource_key)
order by a.resource_key
