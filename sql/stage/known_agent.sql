-- Grain: resource that is an agent.
create or replace table _stage.gim.known_agent as
select resource_key,
       employee_id,
       resource_name
from _stage.gim.resource_
where resource_type_code = 'AGENT'
