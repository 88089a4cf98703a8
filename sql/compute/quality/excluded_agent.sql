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
