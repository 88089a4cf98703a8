-- Grain: copy of a leg with a copy of its attached data, as the source holds them; both keys must match,
-- since the id may also be a mediation segment's.
-- Inputs: stage.gim.interaction_resource_fact, irf_user_data_gen_1; $key_from and $key_to bound the time key.
create or replace temp table candidate_leg as
select f.interaction_resource_id,
       f.start_date_time_key,
       f.resource_key,
       f.media_resource_key,
       f.start_ts,
       f.end_ts,
       f.active_flag,
       f.update_audit_key,
       f.chunk,
       f.rowid as arrival,
       d.gsw_call_attempt_guid,
       d.update_audit_key as data_audit_key,
       d.chunk as data_chunk,
       d.rowid as data_arrival
from stage.gim.interaction_resource_fact as f
join stage.gim.irf_user_data_gen_1 as d using (interaction_resource_id, start_date_time_key)
where f.start_date_time_key >= $key_from
  and f.start_date_time_key < $key_to
  and d.start_date_time_key >= $key_from
  and d.start_date_time_key < $key_to
