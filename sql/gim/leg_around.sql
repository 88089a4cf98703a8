-- Grain: leg that begins before or after the day and can matter: in an hour in which a session of its resource runs,
-- or in the hour before, or, as a few are, with the same remainder as one of those; or it lasts so long that hours
-- do not tell, or reaches past a second ($4) of its own, or has no end to tell by. Where the key is not known to be
-- unique, this says only of which legs the copies matter: leg_copies.sql brings them.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: least end_ts that matters in itself; $5: one bit for each
-- remainder of an hour of a resource; $6: the divisor; $7: whether the key is known to be unique. A number beyond any key
-- or clock is sent, to be told of; floor, because a fraction must not round a leg into another hour.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when not $7::boolean then tenant_key end as tenant_key
from interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $7::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (
      end_ts > $4::bigint
      or end_ts is null
      or active_flag <> 0
      or end_ts - start_ts > 3600
      or case
          when resource_key not between -9000000000000 and 9000000000000
              or start_ts not between -9000000000000 and 9000000000000 then true
          else get_bit($5::bytea, abs((floor(resource_key)::bigint * 1000000 + floor(start_ts)::bigint / 3600) % $6::bigint)::integer) = 1
      end
  )
