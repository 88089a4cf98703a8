-- Grain: the computation of a day, none where there is none; and whether its curve is still there. Where rows were dropped
-- with age, only the numbers are left. is_issued: a number of the day stands in a file.
-- Inputs: _data.computation, concurrency, issued_file; $day.
select slice_sha256,
       rules_sha256,
       sql_sha256,
       (to_json(c) ->> 'as_of')::bigint as as_of, -- a store of an older version has none
       rules,
       state,
       computed_ts,
       exists (
           from _data.concurrency
           where day = $day::date
       ) as has_curve,
       exists (
           from _data.issued_file
           where measure = 'concurrent'
             and period = $day
       ) as is_issued
from _data.computation as c
where day = $day::date
