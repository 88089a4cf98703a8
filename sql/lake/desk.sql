-- name: desk
-- What an export works with beside the tables in which new rows wait: what the logs of tables say, and which rows of the lake the new ones
-- replace. A tenant's rows lie in the bucket that the first digit of the SHA-256 of its name says, those of small relations in 0.
create schema staged;
create table staged.replaced (
    tenant      varchar not null,
    month       varchar, -- null: all of the tenant
    day         date,    -- null: what is of the month as a whole
    with_rows   boolean  -- not only the numbers
);
create table known (
    tenant      varchar,
    month       varchar,
    day         date,
    store       varchar,
    file        varchar,
    hash        varchar,
    rows_hash   varchar,
    exported_ts bigint
);
create table action (
    relation    varchar,
    nth         bigint, -- of those of a relation
    kind        varchar,
    path        varchar,
    body        json
);
create view file as
select relation,
       path,
       arg_max(kind, nth) = 'add' as is_live,
       arg_max(body, nth) as body
from action
where path is not null
group by relation, path;
create view live as
select relation,
       path,
       body -> 'partitionValues' ->> 'month' as month,
       (body -> 'partitionValues' ->> 'bucket')::integer as bucket,
       (body ->> 'stats')::json as said,
       (said -> 'minValues' ->> 'day')::date as first_day,
       (said -> 'maxValues' ->> 'day')::date as last_day,
       said -> 'minValues' ->> 'tenant' as first_tenant,
       said -> 'maxValues' ->> 'tenant' as last_tenant,
       (said -> 'nullCount' ->> 'day')::bigint > 0 as has_months
from file
where is_live;
create table added (
    path        varchar,
    body        json
);
create macro bucket_of(tenant) as (strpos('0123456789abcdef', left(sha256(tenant), 1)) - 1) % 4

-- name: staged
-- Grain: statement that makes the table in which the new rows of a relation wait. Input: $schema (JSON).
select 'create table staged.' || name || ' (tenant varchar not null, month varchar not null, day date, bucket integer not null default 0, '
       || array_to_string(list_transform(columns, lambda c: c.name || ' ' || c.type), ', ') || ')'
from (
    select unnest(from_json($schema, '{"relations": [{"name": "VARCHAR", "columns": [{"name": "VARCHAR", "type": "VARCHAR"}]}]}').relations, max_depth := 2)
)

-- name: know
-- What the lake says that it has. Input: $files.
insert into known
select tenant,
       month,
       day,
       store,
       file,
       hash,
       rows_hash,
       exported_ts
from read_parquet($files, hive_partitioning = false, union_by_name = true)

-- name: newest
-- Grain: tenant of the lake: its store, and the file by which it was exported last; empty where that was not all of it.
select tenant,
       arg_max(store, exported_ts),
       coalesce(arg_max(coalesce(file, ''), exported_ts), '')
from known
group by tenant

-- name: drop
-- All of some tenants goes. Input: $tenants.
insert into staged.replaced (tenant)
select unnest($tenants::varchar[])

-- name: each_forget
-- What was staged of a tenant goes, but not that it is dropped. Input: $tenant.
delete from staged.{{.Name}}
where tenant = $tenant
  and month is not null

-- name: each_empty
-- Staged rows go.
truncate staged.{{.Name}}

-- name: withhold
-- What the lake will have is set aside, until it has it.
create table withheld as
from staged.exported

-- name: tell
insert into staged.exported
from withheld

-- name: waiting
-- One row: whether there is anything to write.
select count(*) > 0
from staged.replaced

-- name: rewritten
-- Grain: file of a relation whose rows are written anew: some of them are replaced, or it is one of too many of its month and bucket.
-- Inputs: $relation, $rows (it has none but rows).
with replaced as materialized (
    select distinct tenant,
           month,
           day,
           bucket_of(tenant) as bucket
    from staged.replaced
    where month is null
       or with_rows
       or not $rows
),
crowd as (
    select *,
           count(*) over (partition by month, bucket) >= 4 as is_crowd
    from live
    where relation = $relation
)
select path
from crowd as c
where exists (
    from replaced as r
    where (r.bucket = c.bucket or c.bucket = 0)
      and case
              when r.month is null then r.tenant between c.first_tenant and c.last_tenant
              when r.month <> c.month then false
              when r.day is null then c.has_months
              else is_crowd and c.first_day is not null or r.day between c.first_day and c.last_day
          end
)
order by path

-- name: each_keep
-- Rows of the lake that stay, in files that are written anew; one that was written before there was a column has null in it. Inputs:
-- $files, $rows (as in rewritten).
insert into staged.{{.Name}} by name
select o.*
from read_parquet($files, hive_partitioning = false, union_by_name = true) as o
anti join (
    select tenant,
           month,
           day
    from staged.replaced
    where with_rows
       or not $rows
) as r on r.tenant = o.tenant
    and r.month = o.month
    and r.day is not distinct from o.day
where o.tenant not in (select tenant from staged.replaced where month is null)

-- name: each_write
-- A relation's new files, each of a month and bucket. Input: $dir.
copy (
    from staged.{{.Name}}
    order by month, bucket, tenant, day, {{list .Order}}
) to $dir (format parquet, compression zstd, partition_by (month, bucket), write_partition_columns true, filename_pattern '{uuidv7}')

-- name: no_added
truncate added

-- name: added
-- Grain: file that was written, with what the log is to say of it. Inputs: $files, $now (milliseconds).
insert into added
with said as (
    select regexp_extract(file_name, 'month=[^/]+/bucket=[^/]+/[^/]+$') as path,
           path_in_schema as col,
           min(coalesce(stats_min_value, stats_min)) as least,
           max(coalesce(stats_max_value, stats_max)) as most,
           sum(stats_null_count)::bigint as nulls,
           sum(row_group_num_rows)::bigint as records
    from parquet_metadata($files)
    where path_in_schema in ('tenant', 'day')
    group by path, path_in_schema
),
size as (
    select regexp_extract(filename, 'month=[^/]+/bucket=[^/]+/[^/]+$') as path,
           size
    from read_blob($files)
)
select path,
       json_object('path', path, 'partitionValues', json_object('month', regexp_extract(path, 'month=([^/]+)/', 1), 'bucket', regexp_extract(path, 'bucket=([^/]+)/', 1)),
           'size', any_value(size), 'modificationTime', $now::bigint, 'dataChange', true,
           'stats', json_object('numRecords', max(records), 'minValues', map(list(col) filter (least is not null), list(least) filter (least is not null)),
               'maxValues', map(list(col) filter (most is not null), list(most) filter (most is not null)), 'nullCount', map(list(col), list(nulls)))::varchar) as body
from said
join size using (path)
group by path
order by path
