-- Grain: a statement of the counting rules that a day was computed by, of one kind (R2, R5, R6, R7, R10). Inputs: $rules
-- (JSON), $file.
copy (
    select r.kind,
           r.region,
           r.location,
           r.is_default,
           r.switch_name,
           r.pattern,
           r.timezone,
           r.start_ts,
           to_timestamp(r.start_ts) as start_at,
           r.end_ts,
           to_timestamp(r.end_ts) as end_at,
           r.as_of_ts,
           to_timestamp(r.as_of_ts) as as_of_at,
           r.extracted_ts,
           to_timestamp(r.extracted_ts) as extracted_at,
           r.session_end
    from (
        select unnest(from_json($rules, '[{"kind": "varchar", "region": "varchar", "location": "varchar", "is_default": "boolean",
            "switch_name": "varchar", "pattern": "varchar", "timezone": "varchar", "start_ts": "bigint", "end_ts": "bigint",
            "as_of_ts": "bigint", "extracted_ts": "bigint", "session_end": "varchar"}]')) as r
    )
    order by r.kind, r.region, r.location, r.switch_name, r.pattern
) to $file (format parquet, compression zstd)
