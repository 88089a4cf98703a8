-- Grain: day of a range, both ends included, that has a slice.
-- Input: _data.slice; $from, $to.
select day::varchar as day
from _data.slice
where day between $from::date and $to::date
order by day
