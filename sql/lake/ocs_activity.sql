-- Grain: activity of the scratch store's day (R3), as read, rejected ones too; and, of kind 'call', leg that only tells the switch of
-- a session whose activities know none (R5). Input: $file.
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
    from (
        from _data.ocs_activity
        union all by name
        select *,
               'call' as kind
        from _data.other_leg
    )
    order by resource_key, start_ts, kind, activity_key, start_date_time_key
) to $file (format parquet, compression zstd)
