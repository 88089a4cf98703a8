-- Grain: the computation of a day, none where there is none, or where its rows were dropped with age and only its numbers
-- are left: a day that was computed has a curve, if only one step.
-- Input: _data.computation, concurrency; $day.
select slice_sha256,
       rules_sha256,
       sql_sha256,
       state,
       computed_ts
from _data.computation
where day = $day::date
  and exists (
      from _data.concurrency
      where day = $day::date
  )
