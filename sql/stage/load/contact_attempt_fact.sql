-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next.
-- Inputs: $file, $chunk, $keys (the key columns, which no row may leave empty, as the header spells them), $key_from, $key_to.
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
         force_not_null = $keys,
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
