-- Grain: slice of the store, by day.
select day::varchar,
       state,
       sha256
from data.slice
order by day
