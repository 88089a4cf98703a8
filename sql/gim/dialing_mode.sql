-- Grain: row of the dimension, whole: it is small beside the facts.
select dialing_mode_key,
       dialing_mode_code
from {{.Schema}}.dialing_mode
