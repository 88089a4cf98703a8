-- Grain: region and month whose last day is in the period. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.monthly_enabled
    where last_day((month || '-01')::date) between $from::date and $to::date
    order by month, region
) to $file (format csv, header)
