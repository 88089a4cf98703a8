-- Grain: activity of a resource in a slice, as read, rejected ones too; in the order in which the counting
-- numbers them, so that the first that fits is the one the store names.
-- Input: _data.ocs_activity; $day, $resource_key.
select kind,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       coalesce(active_flag, 0) <> 0 as is_active,
       coalesce(switch_name, '') as switch_name,
       coalesce(call_attempt_guid, '') as call_attempt_guid
from _data.ocs_activity
where day = $day::date
  and resource_key = $resource_key
order by start_ts, kind, activity_key, start_date_time_key
