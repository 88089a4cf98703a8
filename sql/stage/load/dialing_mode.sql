-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next.
-- Inputs: $file, $chunk, $keys (the key columns, which no row may leave empty, as the header spells them).
insert into _stage.gim.dialing_mode
select $chunk::integer,
       dialing_mode_key,
       dialing_mode_code
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         force_not_null = $keys,
         types = {
                 'dialing_mode_key': 'BIGINT',
                 'dialing_mode_code': 'VARCHAR'
         })
