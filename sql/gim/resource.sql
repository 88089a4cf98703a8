-- Grain: row of the dimension, whole: it is small beside the facts.
select resource_key,
       resource_type_code,
       resource_name,
       employee_id,
       switch_name
from resource_
