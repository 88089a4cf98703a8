-- Grain: switch that a DN or queue has.
select distinct switch_name
from resource_
where switch_name <> ''
