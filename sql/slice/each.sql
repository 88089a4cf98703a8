-- name: each_insert
-- Rows of a slice, as they are handed over under a $number.
insert into _data.{{.Name}} by name
select $day::date as day,
       *
from slice_rows($number)

-- name: each_load
-- Rows of one file of an export, as they stand in it: which columns it has, in which order, was read from its header, and nothing
-- else is left to guess, neither from the file nor from the names of the folders that it is in. Lines end with LF (the loader sees
-- to it). What cannot be read is not loaded but listed in reject_errors, which the loader reads next.
-- Inputs: $file (a pattern of that file alone), $skip lines before the header, $nothing (how the file says that there is no value).
select {{range $i, $c := .Columns}}{{if $i}},
       {{end}}{{.Name}}{{end}}
from read_csv($file, auto_detect = false, skip = $skip, header = true, new_line = '\n', delim = ',', quote = '"', escape = '"', comment = '',
         nullstr = $nothing, allow_quoted_nulls = true, all_varchar = false, decimal_separator = '.', null_padding = false, strict_mode = true,
         store_rejects = true, encoding = 'utf-8', compression = 'none', hive_partitioning = false, union_by_name = false, filename = false,
         columns = { {{- range $i, $c := .Fields}}{{if $i}},{{end}}
                 '{{$c.Name}}': '{{$c.Type}}'
{{- end}}
         })

-- name: each_check
-- One row: how many rows of the day the store holds, and of each column how many values and their sum (of a text, the sum of lengths
-- in bytes), for comparison with what was sent.
select count(*)
{{- range .Columns}},
       count({{.Name}}), coalesce(sum({{if eq .Type "varchar"}}strlen({{.Name}}){{else}}{{.Name}}{{end}}), 0)::varchar
{{- end}}
from _data.{{.Name}}
where day = $day::date
