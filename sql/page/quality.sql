-- Grain: day x data-quality rule that found something (R11), by day.
select day::varchar,
       rule,
       blocking,
       occurrences
from _data.data_quality
where occurrences > 0
order by day, rule
