-- Grain: attached data of given legs, by primary key. Which rows, and whether with update_audit_key: see user_data.sql.
-- $1, $2: the legs' ids and time keys, pairwise; $3: whether the key is known to be unique.
select d.interaction_resource_id,
       d.start_date_time_key,
       d.gsw_call_attempt_guid,
       case when $3::boolean then 0 else d.update_audit_key end as update_audit_key
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join {{.Schema}}.irf_user_data_gen_1 as d on d.interaction_resource_id = k.id
    and d.start_date_time_key = k.time_key
    and (d.gsw_call_attempt_guid <> '' or not $3::boolean)
