-- Grain: the slice. Counts and hash are of the rows just written, read back.
insert into _data.slice
select $day::date,
       $source,
       $high_water,
       $as_of,
       $extracted_ts,
       (select count(*) from _data.voice_session where day = $day::date),
       (select count(*) from _data.ocs_activity where day = $day::date),
       (select count(*) from _data.agent where day = $day::date),
       $open_sessions,
       $state,
       $sha256
