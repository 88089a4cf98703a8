-- name: pack_computation
-- Grain: day of the period that was computed: by which rules, from which slice. Inputs: $from, $to.
select day::varchar,
       slice_sha256,
       rules_sha256,
       sql_sha256,
       rules,
       state
from published._data.computation
where day between $from::date and $to::date
order by day

-- name: pack_data_quality_again
-- Grain: data-quality rule and day, as the pseudonymized rows give it: the examples name nobody. Input: $file.
copy (
    select *
    from _data.data_quality
    order by day, rule
) to $file (format csv, header)

-- name: pack_month
-- Grain: month of the period with a number in the store. Inputs: $from, $to.
select distinct month
from published._data.monthly_enabled
where last_day((month || '-01')::date) between $from::date and $to::date
order by month

-- name: pack_monthly_concurrent
-- Grain: region and month whose last day is in the period: its highest second. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.monthly_concurrent
    where last_day((month || '-01')::date) between $from::date and $to::date
    order by month, region
) to $file (format csv, header)

-- name: pack_monthly_enabled
-- Grain: region and month whose last day is in the period. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.monthly_enabled
    where last_day((month || '-01')::date) between $from::date and $to::date
    order by month, region
) to $file (format csv, header)

-- name: pack_slice
-- Grain: day of the period: what its slice says of itself in the scratch store. Inputs: $from, $to, $file.
copy (
    select *
    from _data.slice
    where day between $from::date and $to::date
    order by day
) to $file (format parquet)
