-- Grain: row of the dimension, whole: it is small beside the facts.
select resource_key::bigint,
       resource_type_code::text,
       resource_name::text,
       employee_id::text,
       switch_name::text
from resource_
