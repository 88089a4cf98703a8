-- Grain: slice of the period. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.slice
    where day between $from::date and $to::date
    order by day
) to $file (format parquet)
