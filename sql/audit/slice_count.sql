-- One row: the rows of a slice, counted, beside what the slice says of them. Input: $day.
select sessions,
       activities,
       agents,
       (select count(*) from data.voice_session where day = $day::date),
       (select count(*) from data.ocs_activity where day = $day::date),
       (select count(*) from data.agent where day = $day::date)
from data.slice
where day = $day::date
