-- One row: SHA-256 over all rows of a slice. Rows are written as text in a total order within buckets of
-- their resource, each bucket is hashed, and the hash over the buckets' hashes in their order stands for all:
-- so the work is spread, and any DuckDB client can repeat it.
-- Inputs: data.voice_session, ocs_activity, agent, duplicate_key; $day.
with line as (
    select resource_key % 1024 as bucket,
           concat_ws('|', 's', resource_key, sm_res_session_fact_key, start_date_time_key,
                     coalesce(start_ts::varchar, ''), coalesce(end_ts::varchar, ''), coalesce(active_flag::varchar, ''),
                     coalesce(update_audit_key::varchar, '')) as txt
    from data.voice_session
    where day = $day::date
    union all
    select resource_key % 1024,
           concat_ws('|', 'a', resource_key, kind, activity_key, start_date_time_key,
                     coalesce(start_ts::varchar, ''), coalesce(end_ts::varchar, ''), coalesce(active_flag::varchar, ''),
                     coalesce(update_audit_key::varchar, ''),
                     to_json([switch_name, call_attempt_guid, dialing_mode_code]))
    from data.ocs_activity
    where day = $day::date
    union all
    select resource_key % 1024,
           concat_ws('|', 'r', resource_key, to_json([employee_id, resource_name]))
    from data.agent
    where day = $day::date
    union all
    select -1,
           concat_ws('|', 'd', relation, row_key, copies)
    from data.duplicate_key
    where day = $day::date
),
bucket_hash as (
    select bucket,
           sha256(string_agg(txt, chr(10) order by txt)) as hash
    from line
    group by bucket
)
select sha256(coalesce(string_agg(hash, chr(10) order by bucket), '')) as sha256
from bucket_hash
