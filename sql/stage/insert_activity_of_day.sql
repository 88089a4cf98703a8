-- The slice's activities (R10) among those staged that share a second with the day.
-- One without an end may belong there: drop_open_activity.sql decides, once all are read.
-- Inputs: staged_activity, slice_span; $day.
insert into _data.ocs_activity by name
select $day::date as day,
       b.* exclude (is_rejected, from_ts, until_ts)
from staged_activity($key_from, $key_to, $activity_from) as b
semi join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
