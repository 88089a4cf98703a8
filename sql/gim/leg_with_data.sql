-- Grain: leg that begins in a range of time keys and whose attached data holds a GUID: for sites where few legs
-- are OCS-driven, so that finding them there is less work than sending all.
-- $1, $2: time keys, half-open; $3: tenant_key or null.
select f.interaction_resource_id::bigint,
       f.start_date_time_key,
       f.resource_key,
       f.media_resource_key,
       f.start_ts,
       f.end_ts,
       f.active_flag::smallint,
       f.update_audit_key::bigint
from interaction_resource_fact as f
where f.start_date_time_key >= $1::bigint
  and f.start_date_time_key < $2::bigint
  and ($3::bigint is null or f.tenant_key = $3::bigint)
  and exists (
      select
      from irf_user_data_gen_1 as d
      where d.interaction_resource_id = f.interaction_resource_id
        and d.start_date_time_key = f.start_date_time_key
        and d.start_date_time_key >= $1::bigint
        and d.start_date_time_key < $2::bigint
        and d.gsw_call_attempt_guid <> ''
  )
