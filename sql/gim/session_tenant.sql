-- Grain: tenant_key of voice sessions in a range of time keys.
-- $1, $2: time keys, half-open.
select distinct tenant_key::bigint as tenant_key
from {{.Schema}}.sm_res_session_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and tenant_key is not null
  and media_type_key in (
      select media_type_key
      from {{.Schema}}.media_type
      where media_name_code = 'VOICE'
  )
order by tenant_key
