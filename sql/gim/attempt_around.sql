-- Grain: finished contact attempt in a preview dialing mode (R3) that begins before or after the hours that are read whole
-- and can matter, as leg_around.sql says of legs; for a table whose key is known to be unique.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: preview dialing modes; $5: one that begins or ends no earlier matters; $6: one
-- that begins earlier matters; $7: one bit for each remainder of a resource; $8: the divisor; $9: whether the type of resource_key
-- allows fractions.
select contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       0 as tenant_key
from {{.Schema}}.contact_attempt_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and ($3::bigint is null or tenant_key = $3::bigint)
  and dialing_mode_key = any ($4::bigint[])
  and (
      greatest(start_ts, end_ts) >= $5::bigint
      or start_ts < $6::bigint
      or end_ts is null
      or case
          when resource_key not between -9000000000000000000 and 9000000000000000000 then true
          when $9::boolean then get_bit($7::bytea, abs(floor(resource_key)::bigint % $8::bigint)::integer) = 1
          else get_bit($7::bytea, abs(resource_key::bigint % $8::bigint)::integer) = 1
      end
  )
