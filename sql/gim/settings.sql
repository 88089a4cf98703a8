-- Grain: setting of this transaction that the server has. What its release does not know it need not be told.
-- $1, $2: names and values, pairwise.
select s.name,
       set_config(s.name, w.value, true)
from unnest($1::text[], $2::text[]) as w (name, value)
join pg_catalog.pg_settings as s on s.name = w.name
