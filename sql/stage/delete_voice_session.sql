delete from _data.voice_session
where day = $day::date
