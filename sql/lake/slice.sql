-- Grain: the slice of a day (R10). Inputs: $day, $file.
copy (
    select source,
           state,
           as_of as as_of_ts,
           to_timestamp(as_of) as as_of_at,
           high_water as high_water_ts,
           to_timestamp(high_water) as high_water_at,
           extracted_ts,
           to_timestamp(extracted_ts) as extracted_at,
           sessions,
           activities,
           agents,
           open_sessions,
           sha256
    from _data.slice
    where day = $day::date
) to $file (format parquet, compression zstd)
