-- Grain: the day, where it was counted: whether its result is final or provisional (R10).
-- Input: $day.
select state
from _data.computation
where day = $day::date
