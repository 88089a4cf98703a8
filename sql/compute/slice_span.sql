-- Grain: span of time that the slice of a day covers (R10).
-- Input: _data.slice_span; $day.
select start_ts,
       end_ts
from _data.slice_span
where day = $day::date
order by start_ts, end_ts
