-- Grain: column that the program reads: whether its schema, table and column exist and may be read, and its type: the
-- one that values are sent in, which of a domain is the one below it, whether that one can hold a fraction, and the
-- column's own as people write it.
-- $1: schema; $2, $3: tables and columns, pairwise.
select r.table_name,
       r.column_name,
       n.oid is not null as has_schema,
       coalesce(has_schema_privilege(n.oid, 'usage'), false) as may_use_schema,
       c.oid is not null as has_table,
       a.attnum is not null as has_column,
       coalesce(has_column_privilege(c.oid, a.attnum, 'select'), false) as may_read,
       coalesce(b.oid, 0) as sent_type,
       coalesce(b.typname in ('float4', 'float8') or b.typname = 'numeric' and (b.modifier < 4 or (b.modifier - 4) & 2047 <> 0), false) as may_be_fraction,
       coalesce(format_type(a.atttypid, a.atttypmod), '') as shown_type
from unnest($2::text[], $3::text[]) as r (table_name, column_name)
left join pg_catalog.pg_namespace as n on n.nspname = $1::text
left join pg_catalog.pg_class as c on c.relnamespace = n.oid
    and c.relname = r.table_name
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
left join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    and a.attname = r.column_name
    and a.attnum > 0
    and not a.attisdropped
left join lateral (
    with recursive underlying as (
        select t.oid,
               t.typname,
               t.typtype,
               t.typbasetype,
               t.typtypmod,
               a.atttypmod as modifier
        from pg_catalog.pg_type as t
        where t.oid = a.atttypid
        union all
        select t.oid,
               t.typname,
               t.typtype,
               t.typbasetype,
               t.typtypmod,
               u.typtypmod
        from underlying as u
        join pg_catalog.pg_type as t on t.oid = u.typbasetype
        where u.typtype = 'd'
    )
    select u.oid,
           u.typname,
           u.modifier
    from underlying as u
    where u.typtype <> 'd'
) as b on true
order by r.table_name, r.column_name
