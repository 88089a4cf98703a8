-- Mediation segments whose number is that of a leg, at another time: only half of the key agrees.
insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, update_audit_key, gsw_call_attempt_guid)
select interaction_resource_id,
       start_date_time_key + 900 - 2700 * (interaction_resource_id::bigint % 2),
       tenant_key,
       100000000000,
       'S' || interaction_resource_id
from interaction_resource_fact
where interaction_resource_id % 3 = 0;
