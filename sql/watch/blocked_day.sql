-- Grain: day on which a blocking data-quality rule found something (R11), by day.
select distinct day::varchar
from _data.data_quality
where blocking
  and occurrences > 0
order by all
