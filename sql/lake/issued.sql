-- Grain: number of a month, or of one of its days, as it was issued last (R13). A reason is people's own text, and left out where
-- it could name an agent. Inputs: $month, $masked, $file.
copy (
    select region,
           measure,
           period,
           revision,
           value,
           state,
           peak_ts,
           to_timestamp(peak_ts) as peak_at,
           peak_seconds,
           file,
           sha256,
           supersedes,
           case when $masked then null else reason end as reason,
           issued_ts,
           to_timestamp(issued_ts) as issued_at
    from published._data.issued_file
    where left(period, 7) = $month
    qualify revision = max(revision) over (partition by region, measure, period)
    order by region, measure, period
) to $file (format parquet, compression zstd)
