-- name: settings
-- Of the transaction, which a pooler leaves whole. Input: $1 the schema, quoted.
select set_config('search_path', $1, true), set_config('statement_timeout', '60s', true), set_config('lock_timeout', '60s', true),
       set_config('datestyle', 'ISO', true)

-- name: lock
-- For the transaction: makers of tables wait for each other, and so do two runs of a tenant. Input: $1 what is locked.
select pg_advisory_xact_lock(hashtextextended('seats sink ' || $1, 0))

-- name: missing
-- Whether the schema, and the tables in it, are still to be made. Input: $1 the schema, quoted.
select to_regnamespace($1) is null, to_regclass($1 || '.sink_version') is null

-- name: version
select version from sink_version

-- name: loaded
-- Grain: month of a table that holds rows of the tenant. Input: $1 the tenant.
select relation, month, sha256 from loaded where tenant = $1

-- name: forget
-- Input: $1 the tenant, $2 the table, $3 the month.
delete from loaded where tenant = $1 and relation = $2 and month = $3

-- name: remember
-- Input: $1 the tenant, $2 the table, $3 the month, $4 the hash of its rows.
insert into loaded (tenant, relation, month, sha256) values ($1, $2, $3, $4)

-- name: each_delete
-- Input: $1 the tenant, $2 the month.
delete from {{.Name}} where tenant = $1 and month = $2

-- name: each_insert
-- Input: $1 rows as JSON, whose keys are the columns.
insert into {{.Name}} select r.* from json_populate_recordset(null::{{.Name}}, $1::json) as r

-- name: each_writable
-- Refused where the role may not write.
with gone as (delete from {{.Name}} where false)
insert into {{.Name}} select * from {{.Name}} where false
