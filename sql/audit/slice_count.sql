-- One row: the rows of a slice, counted, beside what the slice says of them. Input: $day.
select sessions,
       activities,
       agents,
       (select count(*) from _data.voice_session where day = $day::date),
       (select count(*) from _data.ocs_activity where day = $day::date),
       (select count(*) from _data.agent where day = $day::date)
from _data.slice
where day = $day::date
