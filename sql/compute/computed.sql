-- Grain: the computation of a day, none where there is none; and whether its curve is still there. Where rows were dropped
-- with age, only the numbers are left.
-- Input: _data.computation, concurrency; $day.
select slice_sha256,
       rules_sha256,
       sql_sha256,
       state,
       computed_ts,
       exists (
           from _data.concurrency
           where day = $day::date
       ) as has_curve
from _data.computation
where day = $day::date
