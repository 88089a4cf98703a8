-- name: each_create
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.{{.Name}} (
    chunk integer not null
{{- range .Columns}},
    {{.Name}} {{.Type}}{{if $.IsKey .Name}} not null{{end}}
{{- end}}
)

-- name: each_receive
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.{{.Name}}
select 0,
       *
from gim_rows($source)

-- name: each_load
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

-- name: each_id_of_chunk
-- Grain: row of one chunk ($chunk): the id in its primary key.
select {{index .Key 0}}
from _stage.gim.{{.Name}}
where chunk = $chunk::integer

-- name: each_check
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*)
{{- range .Columns}},
       count({{.Name}}), coalesce(sum({{if eq .Type "varchar"}}strlen({{.Name}}){{else}}{{.Name}}{{end}}), 0)::varchar
{{- end}}
from _stage.gim.{{.Name}}

-- name: each_newest
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.{{.Name}}
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by {{list (of "f" .Key)}}
                   order by {{if .Has "update_audit_key"}}f.update_audit_key desc nulls last, {{end}}f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.{{.Name}} as f
        semi join _stage.gim.repeated_{{.Name}} as r using ({{list .Key}})
    )
    where age > 1
)

-- name: each_repeated
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_{{.Name}} as
with repeated as (
    select {{list .Key}},
           count(*) as copies
    from _stage.gim.{{.Name}}
    where not $unique
    group by {{list .Key}}
    having count(*) > 1
)
select {{list (of "r" .Key)}},
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.{{.Name}} as f using ({{list .Key}})
group by {{list (of "r" .Key)}}

-- name: each_other_tenant
-- Rows of other tenants go, once of every row only the newest copy is left.
delete from _stage.gim.{{.Name}}
where tenant_key is distinct from $tenant_key::bigint
