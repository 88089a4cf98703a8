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
