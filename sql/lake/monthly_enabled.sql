-- Grain: region in a month: its different agents (R9). Inputs: $month, $file.
copy (
    select region,
           agents,
           state
    from published._data.monthly_enabled
    where month = $month
    order by region
) to $file (format parquet, compression zstd)
