-- Grain: resource that the stage holds more than once, as exports bring it. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_resource_ as
select resource_key,
       count(*) as copies
from _stage.gim.resource_
where not $unique
group by resource_key
having count(*) > 1
