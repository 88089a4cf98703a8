-- Grain: slice of the store, by day.
select day::varchar,
       high_water,
       extracted_ts,
       as_of,
       open_sessions,
       sha256
from _data.slice
order by day
