-- Grain: entry of the ledger, oldest first. Lists come as JSON.
select run_id,
       command,
       started_ts,
       ended_ts,
       os_user,
       program,
       duckdb,
       rules_sha256,
       exit_code,
       message,
       to_json(days)::varchar,
       to_json(files)::varchar,
       to_json(slices)::varchar,
       previous_sha256,
       sha256
from _data.run
order by run_id, started_ts, sha256
