-- Grain: row of the dimension, whole: it is small beside the facts.
select media_type_key::bigint,
       media_name_code::text
from media_type
