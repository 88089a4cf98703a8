-- Grain: combination of groups x group. A resource that is in several groups at once is in one combination.
select group_combination_key,
       group_key
from {{.Schema}}.resource_group_combination
