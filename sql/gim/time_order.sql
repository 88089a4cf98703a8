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
