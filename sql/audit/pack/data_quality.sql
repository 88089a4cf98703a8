-- Grain: data-quality rule and day, as computed for the issue. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.data_quality
    where day between $from::date and $to::date
    order by day, rule
) to $file (format csv, header)
