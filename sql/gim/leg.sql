-- Grain: leg of any resource that begins in a range of time keys and whose id is among those asked for, or, as a
-- few are, has the same remainder as one of them: the join with the attached data is made outside the GIM DB, which
-- is somebody's production.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: one bit for each remainder of an id; $5: the divisor; $6:
-- whether the key is known to be unique: if not, the tenant is looked at once the newest copy of a row is chosen; $7:
-- whether the type of ids allows fractions, which must not round one to another id. An id too large to be read is sent,
-- to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $6::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $6::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and case
      when interaction_resource_id > 9000000000000000000 then true
      when $7::boolean then get_bit($4::bytea, abs(floor(interaction_resource_id)::bigint % $5::bigint)::integer) = 1
      else get_bit($4::bytea, abs(interaction_resource_id::bigint % $5::bigint)::integer) = 1
  end
