-- Grain: voice session of the scratch store's day (R2), as read, rejected ones too; and, is_beside, one outside its slice in which
-- activities without an end started (R3). Input: $file.
copy (
    select resource_key,
           start_ts,
           to_timestamp(start_ts) as start_at,
           end_ts,
           to_timestamp(end_ts) as end_at,
           active_flag,
           sm_res_session_fact_key,
           start_date_time_key,
           update_audit_key,
           is_beside
    from (
        select *,
               false as is_beside
        from _data.voice_session
        union all
        select *,
               true
        from _data.other_session
    )
    order by resource_key, start_ts, sm_res_session_fact_key, start_date_time_key
) to $file (format parquet, compression zstd)
