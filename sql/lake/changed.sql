-- name: store
-- Grain: tenant of the batch: what tells its store from others, wherever it goes.
select tenant,
       arg_min(sha256, run_id)
from batch._data.run
group by tenant

-- name: member
-- Grain: tenant of the batch that is exported, from a store and a file of it; of which days. Input: $members (JSON).
create or replace table member as
select unnest(from_json($members, '[{"tenant": "VARCHAR", "store": "VARCHAR", "file": "VARCHAR", "from": "DATE", "to": "DATE"}]'), recursive := true)

-- name: change
-- Grain: day or month of a member of which the lake has other rows than the store, or none; a day of which nothing is counted yet has no
-- hash. with_rows: the rows of the day come or go. Inputs: $salt (of the hashes), $prune (rows go that the store no longer has).
create or replace table change as
-- What is of many stores is brought together before it is grouped or joined: else each of them takes memory for that as if it were large.
with part as materialized (
    select tenant,
           month,
           concat_ws('|', region, agents, state, rules_sha256, sql_sha256, slices_sha256) as txt
    from batch._data.monthly_enabled
    union all
    select tenant,
           month,
           concat_ws('|', region, agents, peak_ts, peak_seconds, peak_days)
    from batch._data.monthly_concurrent
    union all
    select tenant,
           left(period, 7),
           concat_ws('|', region, measure, period, revision, state, value, file, manifest_sha256, reason)
    from batch._data.issued_file
    union all
    select tenant,
           strftime(to_timestamp(started_ts), '%Y-%m'),
           sha256
    from batch._data.run
    union all
    select tenant,
           strftime(to_timestamp(delivered_ts), '%Y-%m'),
           concat_ws('|', file, sent_sha256, target, delivered_ts)
    from batch._data.delivery
),
computed as materialized (
    select tenant,
           day,
           slice_sha256,
           sha256(concat_ws('|', $salt, slice_sha256, rules_sha256, sql_sha256, state)) as hash,
           rules
    from batch._data.computation
),
sliced as materialized (
    select tenant,
           day,
           sha256,
           as_of,
           extracted_ts,
           sha256(concat_ws('|', $salt, source, sha256, state, as_of, high_water, extracted_ts)) as hash
    from batch._data.slice
),
sealed as materialized (
    select row(tenant, month)
    from batch._data.sealed_month
),
found as (
    select tenant,
           left(day::varchar, 7) as month,
           day,
           case when s.day is null or s.sha256 = c.slice_sha256 then c.hash end as hash,
           s.hash as rows_hash,
           c.rules,
           s.as_of,
           s.extracted_ts
    from computed as c
    full join sliced as s using (tenant, day)
    union all by name
    select tenant,
           month,
           sha256(concat_ws('|', $salt, string_agg(txt, chr(10) order by txt))) as hash
    from part
    group by tenant, month
)
select f.tenant,
       f.month,
       f.day,
       f.hash,
       coalesce(f.rows_hash, case when not $prune then k.rows_hash end) as rows_hash,
       f.day is not null and (f.rows_hash is not null or $prune and k.rows_hash is not null) as with_rows,
       f.rows_hash is not null and f.hash is not null as has_rows,
       f.rules,
       f.as_of,
       f.extracted_ts,
       row(f.tenant, f.month) in (from sealed) as is_sealed
from found as f
join member as m on m.tenant = f.tenant
    and (f.day between m.from and m.to or f.day is null and f.month between left(m.from::varchar, 7) and left(m.to::varchar, 7))
left join (from known where tenant not in (select tenant from staged.replaced where month is null)) as k on k.tenant = f.tenant
    and k.month = f.month
    and k.day is not distinct from f.day
where f.hash is distinct from k.hash
   or f.hash is null
   or f.rows_hash is distinct from k.rows_hash and (f.rows_hash is not null or $prune)

-- name: changed
-- Grain: as change has it, by tenant and day.
select tenant,
       month,
       coalesce(day::varchar, ''),
       hash is not null,
       has_rows,
       coalesce(rules, ''),
       coalesce(as_of, 0),
       coalesce(extracted_ts, 0),
       is_sealed
from change
order by tenant, day, month

-- name: replace
-- The rows that come are in place of what the lake has.
insert into staged.replaced
select tenant,
       month,
       day,
       with_rows
from change
where hash is not null

-- name: exported
-- Grain: day or month of a tenant that is exported; from no file where that is not all of it. Input: $now.
insert into staged.exported by name
select c.tenant,
       c.month,
       c.day,
       bucket_of(c.tenant) as bucket,
       m.store,
       case when bool_and(c.hash is not null) over (partition by c.tenant) then nullif(m.file, '') end as file,
       c.hash,
       c.rows_hash,
       $now::bigint as exported_ts,
       to_timestamp($now) as exported_at
from change as c
join member as m using (tenant)
qualify c.hash is not null

-- name: due
-- The days of which rows are to be staged next: one, or all. Input: $day (empty: all).
create or replace table due as
select tenant,
       day
from change
where has_rows
  and ($day = '' or day::varchar = $day)

-- name: due_span
-- The first and the last of them, as a constant: what a scan leaves out by it, it does not read.
set variable due = (select {'first': min(day), 'last': max(day)} from due)
