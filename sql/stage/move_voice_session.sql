update _data.voice_session
set day = $to::date
where day = $from::date
