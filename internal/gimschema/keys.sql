-- Primary keys and the indexes by time. Apart from the tables because a bulk
-- load is several times faster without them.

alter table tenant add primary key (tenant_key);
alter table media_type add primary key (media_type_key);
alter table resource_ add primary key (resource_key);
alter table dialing_mode add primary key (dialing_mode_key);
alter table group_ add primary key (group_key);
alter table resource_group_combination add primary key (group_combination_key, group_key);
alter table sm_res_session_fact add primary key (sm_res_session_fact_key, start_date_time_key);
alter table interaction_resource_fact add primary key (interaction_resource_id, start_date_time_key);
alter table irf_user_data_gen_1 add primary key (interaction_resource_id, start_date_time_key);
alter table contact_attempt_fact add primary key (contact_attempt_fact_key, start_date_time_key);
alter table interaction_fact add primary key (interaction_id, start_date_time_key);

create index on sm_res_session_fact (start_date_time_key);
create index on interaction_resource_fact (start_date_time_key);
create index on irf_user_data_gen_1 (start_date_time_key);
create index on contact_attempt_fact (start_date_time_key);
