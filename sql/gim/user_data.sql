-- Grain: attached data of legs and mediation segments in a range of time keys. Where the key is known to be
-- unique ($3), rows without a GUID stay at home, and update_audit_key has nothing to decide; where it is
-- not, a newer row may take the GUID back.
-- $1, $2: time keys, half-open.
select interaction_resource_id,
       start_date_time_key,
       gsw_call_attempt_guid,
       case when $3::boolean then 0 else update_audit_key end as update_audit_key
from {{.Schema}}.irf_user_data_gen_1
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (gsw_call_attempt_guid <> '' or not $3::boolean)
