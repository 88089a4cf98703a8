-- name: high_water
-- Grain: data source that matters, T-Server (1) or OCS (3): up to where it was read, and up to where facts have been made
-- of what was read (R10); NULL where nothing tells.
-- Inputs: ctl_extract_history, ctl_transform_history; both have their times in the GIM server's own zone, so they compare with
-- each other and with nothing else. Some GIMs have max_ts in types that hold no whole numbers, or more than 64 bits: whether
-- it is a time is looked at by who reads this.
with transformation as (
    select max(transform_start_time) as newest_start
    from {{.Schema}}.ctl_transform_history
    where transform_end_time is not null
)
select e.data_source_key::bigint as data_source_key,
       e.data_source_type::bigint as data_source_type,
       floor(max(e.max_ts)::float8) as read_up_to,
       floor((max(e.max_ts) filter (where e.extract_end_time <= t.newest_start))::float8) as transformed_up_to,
       bool_or(e.max_ts is not null and e.extract_end_time is not null) as has_ended
from {{.Schema}}.ctl_extract_history as e
cross join transformation as t
where e.data_source_type in (1, 3)
group by 1, 2
order by 2, 1

-- name: data_source_name
-- Grain: data source that matters: what the GIM calls the way to it, which is the newest name where it had several.
-- Input: ctl_extract_history, where it has dap_name.
select distinct on (data_source_type, data_source_key)
       data_source_key::bigint as data_source_key,
       data_source_type::bigint as data_source_type,
       rtrim(dap_name::text) as dap_name
from {{.Schema}}.ctl_extract_history
where data_source_type in (1, 3)
  and dap_name <> ''
order by data_source_type, data_source_key, max_ts desc nulls last, dap_name

-- name: time_order
-- One row: whether each of the given tables lies in the order of its time keys, by the server's statistics, so that a range
-- of them costs no more than its own rows. GIM loads by time, so a real site's do.
-- $1: schema; $2: tables.
select count(*) = cardinality($2::text[])
from (
    select tablename
    from pg_catalog.pg_stats
    where schemaname = $1::text
      and tablename = any ($2::text[])
      and attname = 'start_date_time_key'
    group by tablename
    having min(correlation) > 0.9
) as ordered

-- name: unique_key
-- Grain: table whose primary key an index makes unique. Views have none, so of them it is not known.
-- An index with further columns beside its key does not count: no release before 11 could tell them apart. Nor does that
-- of a table that others inherit from: their rows are read with its own, and the index knows none of them.
-- $1: schema; $2: tables; $3: the columns of their keys, each with its table before it.
select distinct c.relname::text
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = $1::text
  and c.relname = any ($2::text[])
  and i.indisunique
  and i.indisvalid
  and i.indpred is null
  and i.indexprs is null
  and (
      c.relkind = 'p'
      or not exists (
          select
          from pg_catalog.pg_inherits as h
          where h.inhparent = c.oid
      )
  )
  and (
      select bool_and(c.relname || '.' || a.attname = any ($3::text[]))
      from pg_catalog.pg_attribute as a
      where a.attrelid = c.oid
        and a.attnum = any (i.indkey::smallint[])
  )
