-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.contact_attempt_fact
select $chunk::integer,
       contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       tenant_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'contact_attempt_fact_key': 'BIGINT',
                 'start_date_time_key': 'BIGINT',
                 'dialing_mode_key': 'BIGINT',
                 'resource_key': 'BIGINT',
                 'call_attempt_id': 'VARCHAR',
                 'start_ts': 'BIGINT',
                 'end_ts': 'BIGINT',
                 'update_audit_key': 'BIGINT',
                 'tenant_key': 'BIGINT'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or contact_attempt_fact_key is null
   or start_date_time_key is null
