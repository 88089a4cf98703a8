-- Grain: region and day. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.enabled_daily
    where day between $from::date and $to::date
    order by day, region
) to $file (format csv, header)
