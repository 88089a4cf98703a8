-- Grain: span of time that a slice of the period covers. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.slice_span
    where day between $from::date and $to::date
    order by day, start_ts, end_ts
) to $file (format parquet)
