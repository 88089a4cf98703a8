delete from data.voice_session
where day = $day::date
