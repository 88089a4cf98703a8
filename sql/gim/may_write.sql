-- Grain: table that the program reads and its user could change, wholly or in single columns.
-- $1: schema; $2: tables.
select c.relname
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = $1::text
  and c.relname = any ($2::text[])
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and (has_any_column_privilege(c.oid, 'insert, update') or has_table_privilege(c.oid, 'delete, truncate'))
order by c.relname
