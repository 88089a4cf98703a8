-- What is attached to the legs added before, an empty GUID among it. Its tenant says nothing.
insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, update_audit_key, gsw_call_attempt_guid)
select interaction_resource_id,
       start_date_time_key,
       -1,
       100000000000,
       case when interaction_resource_id % 13 > 0 then 'L' || interaction_resource_id else '' end
from interaction_resource_fact
where interaction_resource_id > 1000000000000;
