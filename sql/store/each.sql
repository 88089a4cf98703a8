-- name: each_compact
-- Into a new store, all rows, in the order in which they lie.
insert into small._data.{{.Name}} by name
from _data.{{.Name}}

-- name: each_drop
-- The rows of some days go.
delete from _data.{{.Name}}
where day in (select unnest($days::varchar[]::date[]))

-- name: each_drop_days
-- The rows of a range of days, both included, go.
delete from _data.{{.Name}}
where day between $from::date and $to::date

-- name: each_empty
-- All rows of a scratch store go.
truncate _data.{{.Name}}

-- name: each_keep
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_{{.Name}} as
select *
from _data.{{.Name}}

-- name: each_mask
-- In a scratch store, resources give way to their pseudonyms. Input: pseudonym.
update _data.{{.Name}} as t
set resource_key = p.pseudonym
from pseudonym as p
where p.resource_key = t.resource_key

-- name: each_seal
-- Into a sealed month, its rows, in the order in which they lie, which is nearly that of days: so a day is found without
-- reading all. Inputs: $from, $to, both included.
create table sealing._data.{{.Name}} as
from _data.{{.Name}}
where day between $from::date and $to::date

-- name: each_take_all
-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.{{.Name}} by name
select *
from published._data.{{.Name}}

-- name: each_take_days
-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.{{.Name}} by name
select *
from published._data.{{.Name}}
where day between $from::date and $to::date

-- name: each_unseal
-- Out of a sealed month, its rows.
insert into _data.{{.Name}} by name
from sealed._data.{{.Name}}

-- name: each_write_days
-- A Parquet file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.{{.Name}}
    where day between $from::date and $to::date
    order by {{list .Order}}
) to $file (format parquet)

-- name: each_write_days_csv
-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.{{.Name}}
    where day between $from::date and $to::date
    order by {{list .Order}}
) to $file (format csv, header)

-- name: each_write_rows
-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.{{.Name}}
    order by {{list .Order}}
) to $file (format parquet)
