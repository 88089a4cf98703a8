-- Grain: region on a day: its different agents (R9). Inputs: $day, $file.
copy (
    select region,
           agents,
           state
    from published._data.enabled_daily
    where day = $day::date
    order by region
) to $file (format parquet, compression zstd)
