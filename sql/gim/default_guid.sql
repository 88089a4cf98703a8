-- Grain: attempt GUID that the site's mapping of user data puts on calls that have none (R3).
select default_value
from {{.Schema}}.ctl_ud_to_ude_mapping
where upper(ud_key_name) = 'GSW_CALL_ATTEMPT_GUID'
  and active_flag = 1
  and default_value <> ''
