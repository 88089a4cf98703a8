-- Grain: resource that is an agent (R6). A pattern that fits one resource of an agent leaves out the agent.
-- $1: patterns of excluded agents, as LIKE has them.
insert into person
with known as (
    select resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent,
           employee_id like any ($1::text[]) or resource_name like any ($1::text[]) as fits
    from resource_
    where resource_type_code = 'AGENT'
)
select k.resource_key,
       k.agent,
       exists (select from known as same where same.agent = k.agent and same.fits)
from known as k
