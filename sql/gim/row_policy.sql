-- Grain: table that the program reads and of which row security hides rows from its user. Of what is below a view nothing
-- can be told here: the server refuses to read it.
-- $1: schema; $2: tables.
select c.relname
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = $1::text
  and c.relname = any ($2::text[])
  and c.relkind in ('r', 'p')
  and row_security_active(c.oid)
order by c.relname
