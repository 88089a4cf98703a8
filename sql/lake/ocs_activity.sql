-- Grain: activity of the scratch store's day (R3), as read, rejected ones too. Input: $file.
copy (
    select resource_key,
           start_ts,
           to_timestamp(start_ts) as start_at,
           end_ts,
           to_timestamp(end_ts) as end_at,
           active_flag,
           switch_name,
           kind,
           activity_key,
           start_date_time_key,
           call_attempt_guid,
           dialing_mode_code,
           update_audit_key
    from _data.ocs_activity
    order by resource_key, start_ts, kind, activity_key, start_date_time_key
) to $file (format parquet, compression zstd)
