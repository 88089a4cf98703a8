-- Grain: attached data of given legs, by primary key.
-- $1, $2: the legs' ids and time keys, pairwise.
select d.interaction_resource_id::bigint,
       d.start_date_time_key,
       d.gsw_call_attempt_guid,
       d.update_audit_key::bigint
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join irf_user_data_gen_1 as d on d.interaction_resource_id = k.id
    and d.start_date_time_key = k.time_key
