-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.interaction_resource_fact
select $chunk::integer,
       interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       tenant_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'interaction_resource_id': 'BIGINT',
                 'start_date_time_key': 'BIGINT',
                 'resource_key': 'BIGINT',
                 'media_resource_key': 'BIGINT',
                 'start_ts': 'BIGINT',
                 'end_ts': 'BIGINT',
                 'active_flag': 'SMALLINT',
                 'update_audit_key': 'BIGINT',
                 'tenant_key': 'BIGINT'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or interaction_resource_id is null
   or start_date_time_key is null
