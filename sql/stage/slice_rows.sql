-- One row: how many rows the slice has in all relations that its hash covers.
select (select count(*) from _data.voice_session where day = $day::date)
       + (select count(*) from _data.ocs_activity where day = $day::date)
       + (select count(*) from _data.agent where day = $day::date)
       + (select count(*) from _data.other_leg where day = $day::date)
       + (select count(*) from _data.other_session where day = $day::date)
