-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk.
insert into _stage.gim.media_type
select $chunk::integer,
       media_type_key,
       media_name_code
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'media_type_key': 'BIGINT',
                 'media_name_code': 'VARCHAR'
         })
