-- Grain: slice of the store, by day.
select day::varchar,
       high_water,
       as_of,
       extracted_ts,
       open_sessions,
       sha256
from _data.slice
order by day
