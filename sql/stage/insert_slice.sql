-- Grain: the slice. Counts and hash are of the rows just written, read back.
insert into _data.slice by name
select $day::date as day,
       $source as source,
       $high_water as high_water,
       $as_of as as_of,
       $extracted_ts as extracted_ts,
       (select count(*) from _data.voice_session where day = $day::date) as sessions,
       (select count(*) from _data.ocs_activity where day = $day::date) as activities,
       (select count(*) from _data.agent where day = $day::date) as agents,
       $open_sessions as open_sessions,
       $state as state,
       $sha256 as sha256,
       $lookback_seconds as lookback_seconds
