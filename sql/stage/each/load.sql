-- Rows of one file of an export, as they stand in it: which columns it has, in which order, was read from its header, and nothing
-- else is left to guess, neither from the file nor from the names of the folders that it is in. Lines end with LF (the loader sees
-- to it). What cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key
-- breaks the table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file (a pattern of that file alone), $skip lines before the header, $nothing (how the file says that there is no value), $chunk
{{- if .Has "start_date_time_key"}}, $key_from, $key_to{{end}}.
insert into _stage.gim.{{.Name}}
select $chunk::integer
{{- range .Columns}},
       {{.Name}}
{{- end}}
from read_csv($file, auto_detect = false, skip = $skip, header = true, new_line = '\n', delim = ',', quote = '"', escape = '"', comment = '',
         nullstr = $nothing, allow_quoted_nulls = true, all_varchar = false, decimal_separator = '.', null_padding = false, strict_mode = true,
         store_rejects = true, encoding = 'utf-8', compression = 'none', hive_partitioning = false, union_by_name = false, filename = false,
         columns = { {{- range $i, $c := .Fields}}{{if $i}},{{end}}
                 '{{$c.Name}}': '{{$c.Type}}'
{{- end}}
         })
{{- if .Has "start_date_time_key"}}
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
{{- range .Key}}
   or {{.}} is null
{{- end}}
{{- end}}
