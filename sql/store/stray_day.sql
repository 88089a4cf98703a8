-- Grain: day that the sealed month attached as stray has rows of, and the store has no slice of, nor the numbers that stay when a
-- slice is dropped with age.
select day::varchar
from (
    select day
    from stray._data.voice_session
    union
    select day
    from stray._data.ocs_activity
    union
    select day
    from stray._data.concurrency
) as sealed
where day not in (select day from _data.slice)
  and day not in (select day from _data.computation)
order by day
