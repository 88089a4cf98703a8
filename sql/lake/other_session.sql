-- Grain: voice session beside the scratch store's day (R3), as read. Input: $file.
copy (
    select resource_key,
           start_ts,
           to_timestamp(start_ts) as start_at,
           end_ts,
           to_timestamp(end_ts) as end_at,
           active_flag,
           sm_res_session_fact_key,
           start_date_time_key,
           update_audit_key
    from _data.other_session
    order by resource_key, start_ts, sm_res_session_fact_key, start_date_time_key
) to $file (format parquet, compression zstd)
