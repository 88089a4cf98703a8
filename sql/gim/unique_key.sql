-- One row: whether an index makes the given columns of a table unique. Views have none, so of them it is not known.
-- An index with further columns beside its key does not count: no release before 11 could tell them apart. Nor does that
-- of a table that others inherit from: their rows are read with its own, and the index knows none of them.
-- $1: schema; $2: table; $3: columns.
select exists (
    select
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1::text
      and c.relname = $2::text
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
          select bool_and(a.attname = any ($3::text[]))
          from pg_catalog.pg_attribute as a
          where a.attrelid = c.oid
            and a.attnum = any (i.indkey::smallint[])
      )
)
