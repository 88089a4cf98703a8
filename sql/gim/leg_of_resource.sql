-- Grain: leg, OCS-driven or not, of one of some resources, or, as a few are, with the same remainder as one of them, that begins in a
-- range of time keys and reaches into a span of time: those that tell the switch of a login whose own activities know none (R5). Where the
-- key is not known to be unique, this says only of which legs the copies matter, as in leg_around.sql.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: least end that matters; $5: one bit for each remainder of a resource; $6: the
-- divisor; $7: whether the key is known to be unique; $8: whether the type of resource_key allows fractions, which must not round
-- one to another. One too large to be read is sent, to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $7::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $7::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (greatest(start_ts, end_ts) >= $4::bigint or end_ts is null or active_flag <> 0)
  and case
      when resource_key not between -9000000000000000000 and 9000000000000000000 then true
      when $8::boolean then get_bit($5::bytea, abs(floor(resource_key)::bigint % $6::bigint)::integer) = 1
      else get_bit($5::bytea, abs(resource_key::bigint % $6::bigint)::integer) = 1
  end
