-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*)
{{- range .Columns}},
       count({{.Name}}), coalesce(sum({{if eq .Type "varchar"}}strlen({{.Name}}){{else}}{{.Name}}{{end}}), 0)::varchar
{{- end}}
from _stage.gim.{{.Name}}
