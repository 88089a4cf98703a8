-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk{{if .Has "start_date_time_key"}}, $key_from, $key_to{{end}}.
insert into _stage.gim.{{.Name}}
select $chunk::integer
{{- range .Columns}},
       {{.Name}}
{{- end}}
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = { {{- range $i, $c := .Columns}}{{if $i}},{{end}}
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
