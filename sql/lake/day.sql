-- name: day
-- Grain: day of the period that was computed or has a slice. has_rows: its numbers were counted from the slice that is there; it
-- is false where the slice was dropped with age, and null where there is a slice that is not counted. from_numbers and
-- from_rows: what the day's partitions are made of. Inputs: $from, $to.
select coalesce(c.day, s.day)::varchar as day,
       case
           when s.day is null then false
           when s.sha256 = c.slice_sha256 then true
       end as has_rows,
       coalesce(c.rules, '') as rules,
       coalesce(s.as_of, 0) as as_of,
       coalesce(s.extracted_ts, 0) as extracted_ts,
       concat_ws('|', c.slice_sha256, c.rules_sha256, c.sql_sha256, c.state) as from_numbers,
       coalesce(to_json(s)::varchar, '') as from_rows
from published._data.computation as c
full join published._data.slice as s using (day)
where coalesce(c.day, s.day) between $from::date and $to::date
order by day

-- name: month
-- Grain: month of the period that has a day or a number that was issued, and relation of months: with the hash of the rows that its
-- partition is made of. Inputs: $from, $to.
with part as (
    select 'monthly_enabled' as relation,
           month,
           concat_ws('|', region, agents, state, rules_sha256, sql_sha256, slices_sha256) as txt
    from published._data.monthly_enabled
    union all
    select 'monthly_concurrent',
           month,
           concat_ws('|', c.region, c.agents, c.peak_ts, c.peak_seconds, c.peak_days, e.state, e.rules_sha256, e.sql_sha256, e.slices_sha256)
    from published._data.monthly_concurrent as c
    join published._data.monthly_enabled as e using (month, region)
    union all
    select 'issued',
           left(period, 7),
           to_json(i)::varchar
    from published._data.issued_file as i
    union all
    select relation,
           left(day::varchar, 7),
           ''
    from published._data.computation
    cross join (values ('monthly_enabled'), ('monthly_concurrent'), ('issued')) as of_months (relation)
)
select relation,
       month,
       sha256(string_agg(distinct txt, chr(10) order by txt)) as from_rows
from part
where month between left($from, 7) and left($to, 7)
group by relation, month
order by relation, month

-- name: issued
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

-- name: rule
-- Grain: a statement of the counting rules that a day was computed by, of one kind (R2, R5, R6, R7, R10); what does not belong to its
-- kind is null. Inputs: $text (the rules as they are hashed), $rules (the same on the day), as JSON; $as_of, $extracted_ts, $file.
copy (
    with region_rule as (
        select unnest(from_json($rules, '{"regions": [{"region": "varchar", "span": {"Start": "bigint", "End": "bigint"},
                   "locations": [{"location": "varchar", "switches": ["varchar"]}]}]}').regions, recursive := true)
    ),
    zone as (
        select unnest(from_json($text, '{"regions": [{"name": "varchar", "timezone": "varchar"}]}').regions, recursive := true)
    ),
    location_rule as (
        select region,
               unnest(locations, recursive := true)
        from region_rule
    ),
    rule as (
        select 'day' as kind,
               $as_of as as_of_ts,
               $extracted_ts as extracted_ts,
               $text::json ->> 'session_end' as session_end
        union all by name
        select 'region' as kind,
               r.region,
               z.timezone,
               r."Start" as start_ts,
               r."End" as end_ts
        from region_rule as r
        join zone as z on z.name = r.region
        union all by name
        select 'location' as kind,
               region,
               location,
               len(coalesce(switches, [])) = 0 as is_default
        from location_rule
        union all by name
        select 'switch' as kind,
               region,
               location,
               unnest(switches) as switch_name
        from location_rule
        union all by name
        select 'exclude' as kind,
               unnest(from_json($rules, '{"exclude": ["varchar"]}').exclude) as pattern
    )
    select kind,
           region,
           location,
           is_default,
           switch_name,
           pattern,
           timezone,
           start_ts,
           to_timestamp(start_ts) as start_at,
           end_ts,
           to_timestamp(end_ts) as end_at,
           as_of_ts::bigint as as_of_ts,
           to_timestamp(as_of_ts) as as_of_at,
           extracted_ts::bigint as extracted_ts,
           to_timestamp(extracted_ts) as extracted_at,
           session_end
    from rule
    order by kind, region, location, switch_name, pattern
) to $file (format parquet, compression zstd)

-- name: slice
-- Grain: the slice of a day (R10). Inputs: $day, $file.
copy (
    select source,
           state,
           as_of as as_of_ts,
           to_timestamp(as_of) as as_of_at,
           high_water as high_water_ts,
           to_timestamp(high_water) as high_water_at,
           extracted_ts,
           to_timestamp(extracted_ts) as extracted_at,
           sessions,
           activities,
           agents,
           open_sessions,
           sha256
    from _data.slice
    where day = $day::date
) to $file (format parquet, compression zstd)

-- name: daily_concurrent
-- Grain: region, or location of a region, on a day: its peak (R8). Inputs: $day, $file.
copy (
    select region,
           location,
           agents,
           peak_ts,
           to_timestamp(peak_ts) as peak_at,
           peak_seconds,
           state
    from published._data.daily_concurrent
    where day = $day::date
    order by region, location nulls first
) to $file (format parquet, compression zstd)

-- name: enabled_daily
-- Grain: region on a day: its different agents (R9). Inputs: $day, $file.
copy (
    select region,
           agents,
           state
    from published._data.enabled_daily
    where day = $day::date
    order by region
) to $file (format parquet, compression zstd)

-- name: monthly_concurrent
-- Grain: region in a month: its highest second (R8). Inputs: $month, $file.
copy (
    select region,
           c.agents,
           c.peak_ts,
           to_timestamp(c.peak_ts) as peak_at,
           c.peak_seconds,
           c.peak_days,
           e.state
    from published._data.monthly_concurrent as c
    join published._data.monthly_enabled as e using (month, region)
    where month = $month
    order by region
) to $file (format parquet, compression zstd)

-- name: monthly_enabled
-- Grain: region in a month: its different agents (R9). Inputs: $month, $file.
copy (
    select region,
           agents,
           state
    from published._data.monthly_enabled
    where month = $month
    order by region
) to $file (format parquet, compression zstd)

-- name: data_quality
-- Grain: data-quality rule on a day (R11): as the scratch store's pseudonymized rows give it, where they are there; else as it is
-- published, without its examples where they would name agents. Inputs: $day, $masked, $file.
copy (
    select rule,
           blocking,
           occurrences,
           examples
    from _data.data_quality
    union all
    select rule,
           blocking,
           occurrences,
           case when $masked then [] else examples end
    from published._data.data_quality
    where day = $day::date
      and not exists (from _data.data_quality)
    order by rule
) to $file (format parquet, compression zstd)
