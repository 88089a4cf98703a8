-- Grain: resource that has a switch: DNs and queues.
create or replace table _stage.gim.known_switch as
select resource_key,
       switch_name
from _stage.gim.resource_
where switch_name <> ''
