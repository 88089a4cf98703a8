-- Grain: scope and day. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.daily_concurrent
    where day between $from::date and $to::date
    order by day, region, location nulls first
) to $file (format csv, header)
