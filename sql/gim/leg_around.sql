-- Grain: leg that begins before or after the hours that are read whole and can matter: of a resource whose session reaches
-- there, or, as a few are, with the same remainder as one of those; or it reaches into those hours by its end, or by a start
-- that its time key does not tell, or has no end to tell by. Where the key is not known to be unique, this says only of
-- which legs the copies matter: leg_copies.sql brings them.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: one that begins or ends no earlier matters; $5: one that begins earlier matters; $6: one
-- bit for each remainder of a resource; $7: the divisor; $8: whether the key is known to be unique; $9: whether the type of
-- resource_key allows fractions, which must not round one to another. One too large to be read is sent, to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $8::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $8::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (
      greatest(start_ts, end_ts) >= $4::bigint
      or start_ts < $5::bigint
      or end_ts is null
      or active_flag <> 0
      or case
          when resource_key not between -9000000000000000000 and 9000000000000000000 then true
          when $9::boolean then get_bit($6::bytea, abs(floor(resource_key)::bigint % $7::bigint)::integer) = 1
          else get_bit($6::bytea, abs(resource_key::bigint % $7::bigint)::integer) = 1
      end
  )
