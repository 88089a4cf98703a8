-- Grain: row of the dimension that is an agent, or has a switch: DNs and queues. Of a row that is no agent only the switch
-- is read. Where the key is not known to be unique ($1), all rows come, since the newest copy of each is chosen first.
select resource_key,
       case when not $1::boolean or resource_type_code = 'AGENT' then resource_type_code end as resource_type_code,
       case when not $1::boolean or resource_type_code = 'AGENT' then resource_name end as resource_name,
       case when not $1::boolean or resource_type_code = 'AGENT' then employee_id end as employee_id,
       switch_name
from {{.Schema}}.resource_
where not $1::boolean
   or resource_type_code = 'AGENT'
   or switch_name <> ''
