-- Grain: column that the program reads: whether its schema, table and column exist and may be read.
-- $1: schema; $2, $3: tables and columns, pairwise.
select r.table_name,
       r.column_name,
       n.oid is not null as has_schema,
       coalesce(has_schema_privilege(n.oid, 'usage'), false) as may_use_schema,
       c.oid is not null as has_table,
       a.attnum is not null as has_column,
       coalesce(has_column_privilege(c.oid, a.attnum, 'select'), false) as may_read
from unnest($2::text[], $3::text[]) as r (table_name, column_name)
left join pg_catalog.pg_namespace as n on n.nspname = $1::text
left join pg_catalog.pg_class as c on c.relnamespace = n.oid
    and c.relname = r.table_name
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
left join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    and a.attname = r.column_name
    and a.attnum > 0
    and not a.attisdropped
order by r.table_name, r.column_name
