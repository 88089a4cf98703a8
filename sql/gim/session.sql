-- Grain: session row of voice media that can touch the day (R2, R10): bounded by the partition key, open ones
-- and rejected ones included. Where the key is not known to be unique, a copy tells nothing before the newest is chosen:
-- all come. Whose each is, is told always: where nobody named a tenant, there may be several.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: voice media types; $5: least end_ts that matters; $6: whether
-- the key is known to be unique.
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
          and (end_ts >= $5::bigint or end_ts is null or start_ts is null or end_ts < start_ts or active_flag <> 0)
      )
  )
