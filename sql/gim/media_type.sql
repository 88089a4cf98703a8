-- Grain: row of the dimension, whole: it is small beside the facts.
select media_type_key,
       media_name_code
from {{.Schema}}.media_type
