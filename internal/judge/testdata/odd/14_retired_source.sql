-- A T-Server was switched off more than a week before the others were read last, and the OCS of its key lives on (R10).
insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts)
select 'G_CALL', 301, 1, min(max_ts) - 8 * 86400, min(extract_end_time), 'job', 1, 1
from ctl_extract_history
where data_source_type = 1;
