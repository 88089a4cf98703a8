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
    select distinct s.resource_key,
                    '',
                    ''
    from _data.voice_session as s
    anti join (
        select resource_key
        from _data.agent
        where day = $day::date
    ) as a using (resource_key)
    where s.day = $day::date
),
wildcard as (
    select replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from rule_exclude
),
left_out as (
    select resource_key
    from resource as r
    semi join wildcard as w on r.employee_id like w.wildcard escape '!'
        or r.resource_name like w.wildcard escape '!'
),
identity as (
    select r.resource_key,
           case when r.employee_id = '' then '#' || r.resource_key else r.employee_id end as agent,
           r.employee_id = '' as is_fallback,
           l.resource_key is not null as is_resource_excluded
    from resource as r
    left join left_out as l using (resource_key)
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
