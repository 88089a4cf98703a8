-- Grain: slice of the store, by day.
select day::varchar,
       state,
       sha256
from _data.slice
order by day
