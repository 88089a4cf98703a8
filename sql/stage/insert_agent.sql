-- The agents that the slice's sessions and activities name (R6).
insert into _data.agent
select $day::date,
       a.resource_key,
       a.employee_id,
       a.resource_name
from _stage.gim.known_agent as a
semi join (
    select resource_key
    from slice_session
    union
    select resource_key
    from slice_activity
) as used using (resource_key)
order by a.resource_key
