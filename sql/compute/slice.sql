-- Grain: the slice of a day, none where there is none.
-- Input: _data.slice; $day.
select source,
       high_water,
       as_of,
       extracted_ts,
       sessions,
       activities,
       agents,
       open_sessions,
       sha256
from _data.slice
where day = $day::date
