-- name: session
-- Grain: session row of voice media that can touch the day (R2, R10): bounded by the partition key, open ones
-- and rejected ones included; or, where activities without an end may have started (R3), of given resources. Where the key is not known
-- to be unique, a copy tells nothing before the newest is chosen: all come. Whose each is, is told always: where nobody named a tenant,
-- there may be several.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: voice media types; $5: least end_ts that matters, or null; $6: resources, or
-- null; $7: whether the key is known to be unique.
select sm_res_session_fact_key,
       start_date_time_key,
       media_type_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       tenant_key
from {{.Schema}}.sm_res_session_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (
      not $7::boolean
      or (
          ($3::bigint is null or tenant_key = $3::bigint)
          and media_type_key = any ($4::bigint[])
          and ($5::bigint is null or end_ts >= $5::bigint or end_ts is null or start_ts is null or end_ts < start_ts or active_flag <> 0)
          and ($6::bigint[] is null or resource_key = any ($6::bigint[]))
      )
  )

-- name: session_before
-- One row: whether there is a session of any medium that began before a time: what a source holds nothing before, it has purged,
-- or was never there for. The first row that is found will do.
-- $1: end of time keys; $2: tenant_key or null.
select exists (
           select 1
           from {{.Schema}}.sm_res_session_fact
           where start_date_time_key < $1::bigint
             and ($2::bigint is null or tenant_key = $2::bigint)
       ) as has

-- name: session_groups
-- Grain: session row of voice media that can touch the day, with the combination of groups that its agent was in; bounded as
-- in session.sql. Copies of a row come as they are: the newest of a session of the slice is among them, and is chosen here.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: voice media types; $5: least end_ts that matters.
select sm_res_session_fact_key,
       start_date_time_key,
       resource_group_combination_key,
       update_audit_key
from {{.Schema}}.sm_res_session_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and ($3::bigint is null or tenant_key = $3::bigint)
  and media_type_key = any ($4::bigint[])
  and (end_ts >= $5::bigint or end_ts is null or start_ts is null or end_ts < start_ts or active_flag <> 0)

-- name: session_tenant
-- Grain: tenant_key of voice sessions in the month before a time; of all before it, where there is none in that month.
-- $1: epoch second.
with recent as (
    select distinct tenant_key::bigint as tenant_key
    from {{.Schema}}.sm_res_session_fact
    where start_date_time_key >= ($1::bigint - 31 * 86400) / 900 * 900
      and start_date_time_key < $1::bigint
      and tenant_key is not null
      and media_type_key in (
          select media_type_key
          from {{.Schema}}.media_type
          where media_name_code = 'VOICE'
      )
)
select tenant_key
from recent
union
select tenant_key::bigint
from {{.Schema}}.sm_res_session_fact
where not exists (select from recent)
  and start_date_time_key >= 0
  and start_date_time_key < $1::bigint
  and tenant_key is not null
  and media_type_key in (
      select media_type_key
      from {{.Schema}}.media_type
      where media_name_code = 'VOICE'
  )
order by tenant_key

-- name: oldest_session
-- One row: when the oldest session of any medium began, by its time key; NULL where there is none. Sorted rather than aggregated:
-- where the table is partitioned or indexed by the key, the first partition or entry is enough.
-- $1: tenant_key or null.
select (
           select start_date_time_key::bigint
           from {{.Schema}}.sm_res_session_fact
           where start_date_time_key is not null
             and ($1::bigint is null or tenant_key = $1::bigint)
           order by start_date_time_key
           limit 1
       ) as oldest
