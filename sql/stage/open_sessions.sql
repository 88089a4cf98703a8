-- One row: how many sessions of the slice are open (R2). A rejected one is not.
-- Input: _data.voice_session; $day.
select count(*)
from _data.voice_session
where day = $day::date
  and start_ts is not null
  and (coalesce(active_flag, 0) <> 0 or end_ts is null)
