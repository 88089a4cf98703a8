-- Grain: leg that begins before or after the day, of the resources whose sessions reach there, or that itself
-- reaches into the day ($5: least end_ts that does).
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: resources.
select interaction_resource_id::bigint,
       start_date_time_key::bigint,
       resource_key::bigint,
       media_resource_key::bigint,
       start_ts::bigint,
       end_ts::bigint,
       active_flag::smallint,
       update_audit_key::bigint
from interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and ($3::bigint is null or tenant_key = $3::bigint)
  and (resource_key = any ($4::bigint[]) or end_ts > $5::bigint or end_ts is null or active_flag <> 0)
