-- Grain: region, or location of a region, on a day: its peak (R8). Inputs: $day, $file.
copy (
    select region,
           location,
           agents,
           peak_ts,
           to_timestamp(peak_ts) as peak_at,
           peak_seconds,
           state
    from published._data.daily_concurrent
    where day = $day::date
    order by region, location nulls first
) to $file (format parquet, compression zstd)
