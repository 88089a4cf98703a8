-- The activities of the slice, in the order of the source, which is nearly that of time.
insert into _data.ocs_activity
select $day::date,
       kind,
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       call_attempt_guid,
       dialing_mode_code,
       update_audit_key
from slice_activity
