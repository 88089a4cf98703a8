-- The slice's activities (R10) among those staged that share no second with the day, but one with a session of the slice
-- of the same resource.
-- Inputs: staged_activity, slice_span, stay; $day.
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
anti join slice_span as p on b.from_ts < p.end_ts
    and b.until_ts > p.start_ts
semi join stay as s on s.resource_key = b.resource_key
    and s.start_ts < b.until_ts
    and s.until_ts > b.from_ts
where not b.is_rejected
