-- Grain: resource of the slice, with the agent it stands for (R6). Agents get a small number of their own,
-- which the later statements group by; resources of one employee share it. A pattern that fits one resource
-- of an agent leaves out the agent.
-- Inputs: _data.agent, _data.voice_session, rule_exclude; $day. A pattern's * and ? become LIKE's % and _.
create or replace temp table counted_agent as
with resource as (
    select resource_key,
           coalesce(employee_id, '') as employee_id,
           coalesce(resource_name, '') as resource_name
    from _data.agent
    where day = $day::date
    union all
    select distinct resource_key,
                    '',
                    ''
    from _data.voice_session as s
    where day = $day::date
      and not exists (
          from _data.agent as a
          where a.day = $day::date
            and a.resource_key = s.resource_key
      )
),
wildcard as (
    select replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from rule_exclude
),
identity as (
    select resource_key,
           case when employee_id = '' then '#' || resource_key else employee_id end as agent,
           employee_id = '' as is_fallback,
           exists (
               from wildcard as w
               where r.employee_id like w.wildcard escape '!'
                  or r.resource_name like w.wildcard escape '!'
           ) as is_resource_excluded
    from resource as r
),
person as (
    select agent,
           bool_or(is_resource_excluded) as is_excluded,
           row_number() over () as agent_id
    from identity
    group by agent
)
select i.resource_key,
       i.is_fallback,
       p.agent_id,
       p.agent,
       p.is_excluded
from identity as i
join person as p using (agent)
