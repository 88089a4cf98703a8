-- name: each_insert
-- Rows of a slice, as they are handed over.
insert into _data.{{.Name}} by name
select $day::date as day,
       *
from slice_rows()

-- name: each_check
-- One row: how many rows of the day the store holds, and of each column how many values and their sum (of a text, the sum of lengths
-- in bytes), for comparison with what was sent.
select concat_ws(', ', count(*)
{{- range .Columns}},
       concat(count({{.Name}}), ' ', coalesce(sum({{if eq .Type "varchar"}}strlen({{.Name}}){{else}}{{.Name}}{{end}}), 0))
{{- end}})
from _data.{{.Name}}
where day = $day::date
