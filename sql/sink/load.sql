-- name: turn
-- For the transaction: runs of a tenant wait for each other. Input: $1 the tenant.
select pg_advisory_xact_lock(hashtextextended('seats sink ' || $1, 0))

-- name: loaded
-- One row: the months of tables that hold rows of the tenant, as JSON. Input: $1 the tenant.
select coalesce(json_agg(l), '[]')::text
from (
    select relation, month, sha256
    from seats.loaded
    where tenant = $1
) as l

-- name: each_gone
-- The rows of months that change, as they were, go. Inputs: $1 the tenant, $2 the table's months as `change` gives them.
with changed as (
    select month
    from json_to_recordset($2::json) as c (month text)
),
forgotten as (
    delete from seats.loaded
    where tenant = $1
      and relation = '{{.Name}}'
      and month in (select month from changed)
)
delete from seats.{{.Name}}
where tenant = $1
  and month in (select month from changed)

-- name: each_come
-- The rows of these months come as they are; a month that the store no longer has is without any. Inputs: as those of each_gone.
with changed as (
    select month, sha256, rows
    from json_to_recordset($2::json) as c (month text, sha256 text, rows json)
    where rows is not null
),
remembered as (
    insert into seats.loaded (tenant, relation, month, sha256)
    select $1, '{{.Name}}', month, sha256
    from changed
)
insert into seats.{{.Name}}
select r.*
from changed
cross join json_populate_recordset(null::seats.{{.Name}}, rows) as r
