-- Grain: the computation of a day, none where there is none.
-- Input: _data.computation; $day.
select slice_sha256,
       rules_sha256,
       sql_sha256,
       state,
       computed_ts
from _data.computation
where day = $day::date
