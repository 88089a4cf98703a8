-- Grain: switch that a DN or queue has.
select distinct switch_name
from {{.Schema}}.resource_
where switch_name <> ''
