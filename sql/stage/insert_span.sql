insert into _data.slice_span
select $day::date,
       start_ts,
       end_ts
from slice_span
order by start_ts
