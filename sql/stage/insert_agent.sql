-- The agents that the slice's sessions and activities name, and every other resource of theirs, wherever it is: a pattern of
-- exclude_agents that matches one of them leaves out the person (R6).
insert into _data.agent
with used as (
    select resource_key
    from _data.voice_session
    where day = $day::date
    union
    select resource_key
    from _data.ocs_activity
    where day = $day::date
),
person as (
    select distinct a.employee_id
    from _stage.gim.known_agent as a
    semi join used as u using (resource_key)
    where a.employee_id <> ''
)
select $day::date,
       a.resource_key,
       a.employee_id,
       a.resource_name
from _stage.gim.known_agent as a
where a.resource_key in (select resource_key from used)
   or a.employee_id in (select employee_id from person)
order by a.resource_key
