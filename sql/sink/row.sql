-- name: settings
-- Of a transaction: nobody waits longer for a statement, or for us. Times read and written as text are UTC.
set local statement_timeout = '60s';
set local idle_in_transaction_session_timeout = '120s';
set local timezone = 'UTC'

-- name: comment
-- One row: what the sink says of itself; '' where there is none.
select coalesce(obj_description(to_regclass('seats.issued_file'), 'pg_class'), '')

-- name: making
-- Of a transaction: one alone makes the tables.
select pg_advisory_xact_lock(hashtext('seats.sink'))

-- name: turn
-- Of a transaction: it alone writes tenant $1.
select pg_advisory_xact_lock(hashtext('seats.sink'), hashtext($1))

-- name: each_rows
-- One row, asked of the store: all rows of a relation, with the $tenant, as JSON.
select coalesce(json_group_array(r), '[]')::varchar
from (
    select $tenant as tenant,
           *
    from {{.Name}}
) as r

-- name: each_gone
-- Rows of tenant $1 that its store does not have, or has otherwise, go. Input: $2, the store's rows as JSON.
with said as (
    select s::text as line
    from json_populate_recordset(null::seats.{{.Name}}, $2::json) as s
)
delete from seats.{{.Name}} as t
where t.tenant = $1
  and not exists (
      select 1
      from said
      where said.line = t::text
  )

-- name: each_come
-- Rows that the store of tenant $1 has and the sink does not come. Input: $2, the store's rows as JSON.
insert into seats.{{.Name}}
select s.*
from json_populate_recordset(null::seats.{{.Name}}, $2::json) as s
where not exists (
    select 1
    from seats.{{.Name}} as t
    where t.tenant = $1
      and t::text = s::text
)
