-- Grain: voice session of the one day in the scratch store. Input: $file.
copy (
    select *
    from _data.voice_session
    order by resource_key, start_ts, sm_res_session_fact_key, start_date_time_key
) to $file (format parquet)
