-- One row: whether the store has a slice of the day.
select count(*) > 0
from _data.slice
where day = $day::date
