-- Grain: finished contact attempt in a preview dialing mode in a range of time keys (R3); where the key is not known to
-- be unique, in any mode and of any tenant, since the newest copy of a row has to be chosen first.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: preview dialing modes; $5: whether the key is known to be unique.
select contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       case when $5::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.contact_attempt_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $5::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (not $5::boolean or dialing_mode_key = any ($4::bigint[]))
