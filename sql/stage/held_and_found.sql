-- One row: whether the store has a slice of the day, with how many sessions, and how many the new one has.
select (select count(*) > 0 from _data.slice where day = $day::date),
       (select count(*) from _data.voice_session where day = $day::date),
       (select count(*) from slice_session)
