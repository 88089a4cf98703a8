-- Some 300 kB of 2026-03-10. Reading a leg of it takes as long as the table pace says.
insert into media_type (media_type_key, media_name_code) values (1, 'VOICE');
insert into dialing_mode (dialing_mode_key, dialing_mode_code) values (3, 'PREVIEW');
insert into resource_ (resource_key, resource_type_code, resource_name, employee_id, switch_name)
	select i, 'AGENT', 'a' || i, 'E' || i, 'SIP_A' from generate_series(1, 500) as i;
insert into sm_res_session_fact
	select i, 1773129600, 0, 1, 1, i % 500 + 1, 0, 1, 1, 1773129600, 1773133200, 0, 0, 0, 0 from generate_series(1, 2000) as i;
insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
		media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
	select i, 1773129600, 1, 1, i % 500 + 1, i % 500 + 1, 1773129660, 1773129720, 0, 1, 1 from generate_series(1, 2000) as i;
insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, gsw_call_attempt_guid)
	select i, 1773129600, 1, md5(i::text) from generate_series(1, 2000) as i;
insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts)
	values ('t', 1, 1, 1775088000, '2026-04-01 19:00', 'j', 1, 1);
insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key)
	values ('j', 1, '2026-04-01 19:01', '2026-04-01 19:20', 1, 1);
create table pace as select 0.0 as seconds;
alter table interaction_resource_fact rename to leg;
create view interaction_resource_fact as
	select l.* from leg as l cross join lateral (select pg_sleep((select seconds from pace)) offset 0) as s
