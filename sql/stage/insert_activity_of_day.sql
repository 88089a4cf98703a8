-- The slice's activities (R10) among those staged that share a second with the day.
-- Inputs: staged_activity, slice_span; $day.
insert into _data.ocs_activity
select $day::date,
       b.kind,
       b.activity_key,
       b.start_date_time_key,
       b.resource_key,
       b.start_ts,
       b.end_ts,
       b.active_flag,
       b.switch_name,
       b.call_attempt_guid,
       b.dialing_mode_code,
       b.update_audit_key
from staged_activity($key_from, $key_to, $as_of, $activity_from) as b
semi join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
