-- name: number_daily_concurrent
-- Grain: region, or location of a region, on a day: its peak (R8). Input: $tenant.
insert into memory.staged.daily_concurrent by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       *,
       to_timestamp(peak_ts) as peak_at
from _data.daily_concurrent
where day in (select day from memory.change where hash is not null)

-- name: number_enabled_daily
-- Grain: region on a day: its different agents (R9). Input: $tenant.
insert into memory.staged.enabled_daily by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       *
from _data.enabled_daily
where day in (select day from memory.change where hash is not null)

-- name: number_data_quality
-- Grain: data-quality rule on a day (R11), without its examples where they would name agents. Inputs: $tenant, $masked.
insert into memory.staged.data_quality by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       day,
       rule,
       blocking,
       occurrences,
       case when $masked then [] else examples end as examples
from _data.data_quality
where day in (select day from memory.change where hash is not null)

-- name: masked_examples
-- The examples of a day's data quality, as the scratch store's pseudonymized rows give them. Input: $tenant.
update memory.staged.data_quality as q
set examples = m.examples
from memory._data.data_quality as m
where q.tenant = $tenant
  and q.day = m.day
  and q.rule = m.rule

-- name: number_monthly_concurrent
-- Grain: region in a month: its highest second (R8). Input: $tenant.
insert into memory.staged.monthly_concurrent by name
select $tenant as tenant,
       month,
       region,
       c.agents,
       c.peak_ts,
       to_timestamp(c.peak_ts) as peak_at,
       c.peak_seconds,
       c.peak_days,
       e.state
from _data.monthly_concurrent as c
join _data.monthly_enabled as e using (month, region)
where month in (select month from memory.change where day is null)

-- name: number_monthly_enabled
-- Grain: region in a month: its different agents (R9). Input: $tenant.
insert into memory.staged.monthly_enabled by name
select $tenant as tenant,
       month,
       region,
       agents,
       state
from _data.monthly_enabled
where month in (select month from memory.change where day is null)

-- name: number_issued
-- Grain: number of a month, or of one of its days, each time that it was issued (R13). A reason is people's own text, and left out where
-- it could name an agent. Inputs: $tenant, $masked.
insert into memory.staged.issued by name
select $tenant as tenant,
       left(period, 7) as month,
       region,
       measure,
       period,
       revision,
       revision = max(revision) over (partition by region, measure, period) as stands,
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
from _data.issued_file
where left(period, 7) in (select month from memory.change where day is null)

-- name: number_run
-- Grain: entry of the ledger, in the month in which the run began (UTC). Who ran it, how, and what it said is left out where it could
-- name somebody. Inputs: $tenant, $masked.
insert into memory.staged.run by name
select $tenant as tenant,
       strftime(to_timestamp(started_ts), '%Y-%m') as month,
       run_id,
       case when $masked then null else command end as command,
       case when $masked then null else os_user end as os_user,
       program,
       duckdb,
       case when $masked then null else rules_sha256 end as rules_sha256,
       exit_code,
       case when $masked then null else message end as message,
       days,
       files,
       started_ts,
       to_timestamp(started_ts) as started_at,
       ended_ts,
       to_timestamp(ended_ts) as ended_at,
       case when $masked then null else previous_sha256 end as previous_sha256,
       case when $masked then null else sha256 end as sha256
from _data.run
where strftime(to_timestamp(started_ts), '%Y-%m') in (select month from memory.change where day is null)

-- name: number_delivery
-- Grain: delivery of an issued file, in the month in which it was (UTC). Input: $tenant.
insert into memory.staged.delivery by name
select $tenant as tenant,
       strftime(to_timestamp(delivered_ts), '%Y-%m') as month,
       *,
       to_timestamp(delivered_ts) as delivered_at
from _data.delivery
where strftime(to_timestamp(delivered_ts), '%Y-%m') in (select month from memory.change where day is null)
