-- name: agent
-- Grain: resource of the scratch store's day (R6). Input: $file.
copy (
    select resource_key,
           employee_id,
           resource_name
    from _data.agent
    order by resource_key
) to $file (format parquet, compression zstd)

-- name: duplicate_key
-- Grain: primary key that the source held more than once, on the scratch store's day (R11). Input: $file.
copy (
    select relation,
           row_key,
           copies
    from _data.duplicate_key
    order by relation, row_key, copies
) to $file (format parquet, compression zstd)

-- name: ocs_activity
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

-- name: voice_session
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
