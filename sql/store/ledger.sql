-- name: insert_run
-- Input: $entry, as JSON, and $sha256, its hash.
insert into _data.run by name
select unnest(from_json($entry, '{"run_id": "BIGINT", "command": "VARCHAR", "started_ts": "BIGINT", "ended_ts": "BIGINT", "os_user": "VARCHAR",
    "program": "VARCHAR", "duckdb": "VARCHAR", "rules_sha256": "VARCHAR", "exit_code": "INTEGER", "message": "VARCHAR", "days": ["VARCHAR"],
    "files": ["VARCHAR"], "slices": ["VARCHAR"], "previous_sha256": "VARCHAR"}')),
       $sha256 as sha256

-- name: last_run
-- The newest entry of the ledger, to which the next one is chained, and when that run ended, by the clock of its time.
-- Inputs: _data.run.
select run_id,
       ended_ts,
       sha256
from _data.run
order by run_id desc
limit 1

-- name: runs
-- Grain: entry of the ledger, oldest first.
select run_id,
       command,
       os_user,
       program,
       duckdb,
       rules_sha256,
       exit_code,
       message,
       days,
       files,
       slices,
       previous_sha256,
       started_ts,
       ended_ts,
       sha256
from _data.run
order by run_id, started_ts, sha256

-- name: issued_file
-- Grain: data file issued, oldest first within its chain.
select region,
       measure,
       period,
       revision,
       value,
       state,
       file,
       sha256,
       manifest_sha256,
       coalesce(supersedes, ''),
       coalesce(reason, ''),
       make_timestamp(peak_ts * 1000000) as peak_at,
       coalesce(peak_seconds, 0),
       make_timestamp(issued_ts * 1000000) as issued_at,
       coalesce(to_json(i) ->> 'rules_sha256', ''), -- a store of an older version has none
       row_number() over (partition by region, measure, period order by revision desc) = 1 as stands
from _data.issued_file as i
order by region, measure, period, revision

-- name: insert_issued_file
insert into _data.issued_file
values ($region, $measure, $period, $revision, $value, $state, $file, $sha256, $manifest_sha256,
        nullif($supersedes, ''), nullif($reason, ''), $peak_ts, nullif($peak_seconds, 0), $issued_ts, (select sha256 from _data.counting_rules where sha256 = $rules_sha256))

-- name: delete_issued_file
delete from _data.issued_file
where region = $region
  and measure = $measure
  and period = $period
  and revision = $revision

-- name: delivery
-- Grain: file delivered, the oldest first.
select file,
       sha256,
       sent_as,
       sent_sha256,
       target,
       to_timestamp(delivered_ts)
from _data.delivery
order by delivered_ts, file, sha256

-- name: delivered_elsewhere
-- Grain: target that files were delivered to, and $target was not: the newest of each file. Of periods that end on $since or after it ('':
-- of all). What is to be said of it, with a date in UTC; and whether $target got nothing so far.
with file as (
    select file,
           arg_max(target, delivered_ts) as target,
           bool_or(target = $target) as is_there
    from _data.delivery
    group by file
)
select format('{} files delivered to {} are not sent to {}; `seats deliver --again {}` sends them',
              count(*), target, $target, to_timestamp(min(issued_ts))::date),
       not exists (select * from _data.delivery d where d.target = $target)
from file
join _data.issued_file i on i.file = regexp_replace(file.file, '\.manifest\.json(\.minisig)?$', '')
where not is_there
  and period >= left($since, length(period))
group by target
order by target

-- name: insert_delivery
insert into _data.delivery
values ($file, $sha256, $sent_as, $sent_sha256, $target, $delivered_ts)
