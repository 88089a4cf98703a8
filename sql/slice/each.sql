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

-- name: each_part
-- Rows of the day, their columns in the order in which slice_sha256 writes them, of a part of the buckets: for the hash. $pass of
-- $passes.
select {{range $i, $c := .Columns}}{{if $i}},
       {{end}}{{$c.Name}}::{{$c.Type}}{{end}}
from _data.{{.Name}}
where day = $day::date
  and abs({{if .Has "resource_key"}}resource_key{{else}}0{{end}} % 1024) // 8 % $passes = $pass
