-- Grain: day of the period: what its slice says of itself in the scratch store. Inputs: $from, $to, $file.
copy (
    select *
    from _data.slice
    where day between $from::date and $to::date
    order by day
) to $file (format parquet)
