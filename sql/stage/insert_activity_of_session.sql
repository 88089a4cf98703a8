-- The slice's activities (R10) among those staged that share no second with the day, but one with a session of the slice
-- of the same resource.
-- One without an end may belong there: drop_open_activity.sql decides, once all are read.
-- Inputs: staged_activity, slice_span, stay; $day.
insert into _data.ocs_activity by name
select $day::date as day,
       b.* exclude (is_rejected, from_ts, until_ts)
from staged_activity($key_from, $key_to, $activity_from) as b
anti join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
semi join stay as s on s.resource_key = b.resource_key
    and s.start_ts < b.until_ts
    and s.until_ts > b.from_ts
where not b.is_rejected
