-- Grain: activity without an end (R3) that may belong to the slice, as far as is known before the sessions are known in which
-- they all started. began_elsewhere: it started outside the day, so its session need not be one of the slice's.
-- Inputs: _data.ocs_activity, slice_span; $day.
create or replace temp table open_activity as
select kind,
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       not exists (
           from slice_span as p
           where p.start_ts <= a.start_ts
             and p.end_ts > a.start_ts
       ) as began_elsewhere
from _data.ocs_activity as a
where day = $day::date
  and start_ts is not null
  and (coalesce(active_flag, 0) <> 0 or end_ts is null)
