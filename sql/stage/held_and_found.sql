-- One row: how many sessions the store holds of the day, and how many the new slice has.
select (select count(*) from _data.voice_session where day = $day::date),
       (select count(*) from slice_session)
