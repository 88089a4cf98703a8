-- Grain: leg of the scratch store's day that only tells a switch (R5), as read. Input: $file.
copy (
    select resource_key,
           start_ts,
           to_timestamp(start_ts) as start_at,
           end_ts,
           to_timestamp(end_ts) as end_at,
           active_flag,
           switch_name,
           activity_key,
           start_date_time_key,
           update_audit_key
    from _data.other_leg
    order by resource_key, start_ts, activity_key, start_date_time_key
) to $file (format parquet, compression zstd)
