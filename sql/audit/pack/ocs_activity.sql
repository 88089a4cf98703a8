-- Grain: activity of the one day in the scratch store. Input: $file.
copy (
    select *
    from _data.ocs_activity
    order by resource_key, start_ts, kind, activity_key, start_date_time_key
) to $file (format parquet)
