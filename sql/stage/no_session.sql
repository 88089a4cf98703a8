-- One row: whether the day has no session at all.
-- Input: _data.voice_session; $day.
select not exists (
           from _data.voice_session
           where day = $day::date
       ) as none
