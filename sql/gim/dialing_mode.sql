-- Grain: row of the dimension, whole: it is small beside the facts.
select dialing_mode_key::bigint,
       dialing_mode_code::text
from dialing_mode
