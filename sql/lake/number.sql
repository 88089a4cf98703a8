-- name: number_daily_concurrent
-- Grain: region, or location of a region, on a day: its peak (R8).
insert into staged.daily_concurrent by name
select *,
       left(day::varchar, 7) as month,
       to_timestamp(peak_ts) as peak_at
from batch._data.daily_concurrent
semi join (from change where hash is not null) as n using (tenant, day)

-- name: number_enabled_daily
-- Grain: region on a day: its different agents (R9).
insert into staged.enabled_daily by name
select *,
       left(day::varchar, 7) as month
from batch._data.enabled_daily
semi join (from change where hash is not null) as n using (tenant, day)

-- name: number_data_quality
-- Grain: data-quality rule on a day (R11), without its examples where they would name agents. Input: $masked.
insert into staged.data_quality by name
select tenant,
       left(day::varchar, 7) as month,
       day,
       rule,
       blocking,
       occurrences,
       case when $masked then [] else examples end as examples
from batch._data.data_quality
semi join (from change where hash is not null) as n using (tenant, day)

-- name: masked_examples
-- The examples of days' data quality as the scratch store's pseudonymized rows give them.
update staged.data_quality as q
set examples = m.examples
from batch._data.data_quality as m
where q.tenant = m.tenant
  and q.day = m.day
  and q.rule = m.rule

-- name: number_monthly_concurrent
-- Grain: region in a month: its highest second (R8).
insert into staged.monthly_concurrent by name
select tenant,
       month,
       region,
       c.agents,
       c.peak_ts,
       to_timestamp(c.peak_ts) as peak_at,
       c.peak_seconds,
       c.peak_days,
       e.state
from batch._data.monthly_concurrent as c
join batch._data.monthly_enabled as e using (tenant, month, region)
semi join (from change where day is null) as n using (tenant, month)

-- name: number_monthly_enabled
-- Grain: region in a month: its different agents (R9).
insert into staged.monthly_enabled by name
select tenant,
       month,
       region,
       agents,
       state
from batch._data.monthly_enabled
semi join (from change where day is null) as n using (tenant, month)

-- name: number_issued
-- Grain: number of a month, or of one of its days, each time that it was issued (R13). A reason is people's own text, and left out where
-- it could name an agent. Input: $masked.
insert into staged.issued by name
select tenant,
       left(period, 7) as month,
       region,
       measure,
       period,
       revision,
       row(tenant, region, measure, period, revision) in (
           select row(tenant, region, measure, period, max(revision))
           from batch._data.issued_file
           group by tenant, region, measure, period
       ) as stands,
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
from batch._data.issued_file as i
semi join (from change where day is null) as n on n.tenant = i.tenant
    and n.month = left(i.period, 7)

-- name: number_run
-- Grain: entry of the ledger, in the month in which the run began (UTC). Who ran it, how, and what it said is left out where it could
-- name somebody. Input: $masked.
insert into staged.run by name
select tenant,
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
from batch._data.run as r
semi join (from change where day is null) as n on n.tenant = r.tenant
    and n.month = strftime(to_timestamp(r.started_ts), '%Y-%m')

-- name: number_delivery
-- Grain: delivery of an issued file, in the month in which it was (UTC). Input: $masked.
insert into staged.delivery by name
select * replace (case when $masked then null else target end as target),
       strftime(to_timestamp(delivered_ts), '%Y-%m') as month,
       to_timestamp(delivered_ts) as delivered_at
from batch._data.delivery as r
semi join (from change where day is null) as n on n.tenant = r.tenant
    and n.month = strftime(to_timestamp(r.delivered_ts), '%Y-%m')
