-- Grain: the slice. Counts and hash are of the rows just written, read back.
-- Input: $state is the slice's state given that no session is open; an open one makes it provisional (R10).
insert into _data.slice
select $day::date,
       $source,
       $high_water,
       $as_of,
       $extracted_ts,
       (select count(*) from _data.voice_session where day = $day::date),
       (select count(*) from _data.ocs_activity where day = $day::date),
       (select count(*) from _data.agent where day = $day::date),
       o.open_sessions,
       case when o.open_sessions > 0 then 'provisional' else $state end,
       $sha256
from (
    select count(*) as open_sessions
    from _data.voice_session
    where day = $day::date
      and start_ts is not null
      and (coalesce(active_flag, 0) <> 0 or end_ts is null)
) as o
