-- Grain: day of a range, both ends included, that has a slice.
-- Input: data.slice; $from, $to.
select day::varchar as day
from data.slice
where day between $from::date and $to::date
order by day
