-- Grain: session row of voice media of given resources in a range of time keys: those in which activities without an end may have
-- started (R3). Where the key is not known to be unique, all come, as in session.sql.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: voice media types; $5: resources; $6: whether the key is known to be unique.
select sm_res_session_fact_key,
       start_date_time_key,
       media_type_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       tenant_key
from {{.Schema}}.sm_res_session_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (
      not $6::boolean
      or (
          ($3::bigint is null or tenant_key = $3::bigint)
          and media_type_key = any ($4::bigint[])
          and resource_key = any ($5::bigint[])
      )
  )
