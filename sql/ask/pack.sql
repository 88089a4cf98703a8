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

-- name: pack_rule
-- Grain: computed day of the pack, in order, with its counting rules (R2, R5 to R7) as they stand in the pack. Input: $days, as JSON.
create or replace temp table pack_rule as
select unnest(day)
from (
    select unnest(from_json_strict($days, '[{
        "day": "VARCHAR",
        "rules_sha256": "VARCHAR",
        "sql_sha256": "VARCHAR",
        "slice_sha256": "VARCHAR",
        "state": "VARCHAR",
        "end_second_counts": "BOOLEAN",
        "exclude": ["VARCHAR"],
        "zones": ["VARCHAR"],
        "regions": [{
            "region": "VARCHAR",
            "span": {"Start": "BIGINT", "End": "BIGINT"},
            "locations": [{"location": "VARCHAR", "switches": ["VARCHAR"]}]
        }]
    }]')) as day
)

-- name: pack_day
-- Grain: day of pack_rule. Input: $file.
copy (
    select day, rules_sha256, sql_sha256, slice_sha256, state, end_second_counts
    from pack_rule
    order by day
) to $file (format csv, header)

-- name: pack_region_day
-- Grain: day of pack_rule and region, in the order of the rules. Input: $file.
copy (
    select day, region.region as region, timezone, region.span.Start as start_ts, region.span.End as end_ts
    from (
        select day,
               unnest(regions) as region,
               unnest(zones) as timezone,
               generate_subscripts(regions, 1) as nth
        from pack_rule
    )
    order by day, nth
) to $file (format csv, header)

-- name: pack_place
-- Grain: set of rules, by its first day, and location, in the order of the rules. Input: pack_rule.
create or replace temp table pack_place as
select day,
       rules_sha256,
       nth_region,
       generate_subscripts(region.locations, 1) as nth,
       region.region as region,
       unnest(region.locations, recursive := true)
from (
    select min(day) as day,
           rules_sha256,
           unnest(arg_min(regions, day)) as region,
           generate_subscripts(arg_min(regions, day), 1) as nth_region
    from pack_rule
    group by rules_sha256
)

-- name: pack_location
-- Grain: location of pack_place. Input: $file.
copy (
    select rules_sha256, region, location, len(coalesce(switches, [])) = 0 as is_default
    from pack_place
    order by day, nth_region, nth
) to $file (format csv, header)

-- name: pack_switch
-- Grain: location of pack_place and switch. Input: $file.
copy (
    select rules_sha256, region, location, switch_name
    from (
        select *,
               unnest(switches) as switch_name,
               generate_subscripts(switches, 1) as nth_switch
        from pack_place
    )
    order by day, nth_region, nth, nth_switch
) to $file (format csv, header)

-- name: pack_exclude
-- Grain: set of rules and pattern of exclude_agents. Input: $file.
copy (
    select rules_sha256, pattern
    from (
        select min(day) as day,
               rules_sha256,
               unnest(arg_min(exclude, day)) as pattern,
               generate_subscripts(arg_min(exclude, day), 1) as nth
        from pack_rule
        group by rules_sha256
    )
    order by day, nth
) to $file (format csv, header)

-- name: pack_month_day
-- Grain: row of pack_counted_day. Input: $file.
copy pack_counted_day to $file (format csv, header)

-- name: pack_counted_day
-- Grain: month of the pack, region, and day that its number is counted from (R9), in the order of the configuration. Input: $months, as JSON.
create or replace temp table pack_counted_day as
select unnest(day)
from (select unnest(from_json_strict($months, '[{"month": "VARCHAR", "region": "VARCHAR", "day": "VARCHAR"}]')) as day)

-- name: pack_issued_file
-- Grain: data file issued, of the period; what people wrote is left out of a pack with pseudonyms: $left_out stands for it, unless that is
-- empty. Inputs: _data.issued_file; $from, $to (days, both included; a month belongs to its last day, and what is no period is always
-- packed), $left_out, $file.
copy (
    select region, measure, period, revision, value, state, file, sha256, manifest_sha256,
           nullif(supersedes, '') as supersedes,
           if(reason <> '', coalesce(nullif($left_out, ''), reason), null) as reason,
           peak_ts,
           coalesce(peak_seconds, 0) as peak_seconds,
           strftime(make_timestamp(issued_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') as issued_at
    from _data.issued_file
    where coalesce(
        coalesce(try_strptime(period, '%Y-%m-%d')::date, last_day(try_strptime(period, '%Y-%m')::date)) between $from::date and $to::date,
        true
    )
    order by region, measure, period, revision
) to $file (format csv, header)

-- name: pack_run
-- Grain: entry of the ledger: when, and its hash. Inputs: _data.run; $file.
copy (
    select run_id,
           strftime(make_timestamp(started_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') as started_at,
           strftime(make_timestamp(ended_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') as ended_at,
           sha256
    from _data.run
    order by run_id
) to $file (format csv, header)
