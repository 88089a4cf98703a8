-- name: store
-- One row at most: what tells the store from others, wherever it goes.
select sha256
from _data.run
order by run_id, started_ts, sha256
limit 1

-- name: change
-- Grain: day or month of the period of which the lake has other rows than the store, or none; a day of which nothing is counted yet has no
-- hash. with_rows: the rows of the day come or go. Inputs: $tenant, $from, $to, $salt (of the hashes), $prune (rows go that the store no
-- longer has). It is run where the tables are the store's.
create or replace table memory.change as
with part as (
    select month,
           concat_ws('|', region, agents, state, rules_sha256, sql_sha256, slices_sha256) as txt
    from _data.monthly_enabled
    union all
    select month,
           to_json(c)::varchar
    from _data.monthly_concurrent as c
    union all
    select left(period, 7),
           to_json(i)::varchar
    from _data.issued_file as i
    union all
    select strftime(to_timestamp(started_ts), '%Y-%m'),
           sha256
    from _data.run
    union all
    select strftime(to_timestamp(delivered_ts), '%Y-%m'),
           to_json(d)::varchar
    from _data.delivery as d
),
found as (
    select left(coalesce(c.day, s.day)::varchar, 7) as month,
           coalesce(c.day, s.day) as day,
           case
               when s.day is null or s.sha256 = c.slice_sha256
                   then sha256(concat_ws('|', $salt, c.slice_sha256, c.rules_sha256, c.sql_sha256, c.state))
           end as hash,
           case when s.day is not null then sha256(concat_ws('|', $salt, to_json(s))) end as rows_hash,
           c.rules,
           s.as_of,
           s.extracted_ts
    from _data.computation as c
    full join _data.slice as s using (day)
    where coalesce(c.day, s.day) between $from::date and $to::date
    union all by name
    select month,
           sha256(concat_ws('|', $salt, string_agg(distinct txt, chr(10) order by txt))) as hash
    from part
    where month between left($from, 7) and left($to, 7)
    group by month
)
select f.month,
       f.day,
       f.hash,
       coalesce(f.rows_hash, case when not $prune then k.rows_hash end) as rows_hash,
       f.day is not null and (f.rows_hash is not null or $prune and k.rows_hash is not null) as with_rows,
       f.rows_hash is not null as has_rows,
       f.rules,
       f.as_of,
       f.extracted_ts,
       f.day is not null and exists (from _data.sealed_month as m where m.month = f.month) as is_sealed
from found as f
left join memory.known as k on k.tenant = $tenant
    and k.month = f.month
    and k.day is not distinct from f.day
where f.hash is distinct from k.hash
   or f.hash is null
   or f.rows_hash is distinct from k.rows_hash and (f.rows_hash is not null or $prune)

-- name: changed
-- Grain: as change has it, by day.
select month,
       coalesce(day::varchar, ''),
       hash is not null,
       has_rows,
       coalesce(rules, ''),
       coalesce(as_of, 0),
       coalesce(extracted_ts, 0),
       is_sealed
from memory.change
order by day, month

-- name: replace
-- The rows that come are in place of what the lake has. Input: $tenant.
insert into memory.staged.replaced
select $tenant,
       month,
       day,
       with_rows
from memory.change
where hash is not null

-- name: exported
-- Grain: day or month of a tenant that is exported. Inputs: $tenant, $store, $file (empty: not all of it), $now.
insert into memory.staged.exported by name
select $tenant as tenant,
       month,
       day,
       memory.main.bucket_of($tenant) as bucket,
       $store as store,
       nullif($file, '') as file,
       hash,
       rows_hash,
       $now::bigint as exported_ts,
       to_timestamp($now) as exported_at
from memory.change
where hash is not null

-- name: due
-- The days of which rows are to be staged next. Inputs: $from, $to.
create or replace table memory.due as
select day
from memory.change
where has_rows
  and day between $from::date and $to::date
