-- One row: SHA-256 over all rows of a slice. Rows are written as text, in a total order, within buckets of their
-- resource; each bucket is hashed, and the hash over the buckets' hashes, in their order, stands for all: so the
-- work is spread, and any DuckDB client can repeat it. The length
-- of a text stands before it, -1 for an absent one, so that no two rows give the same text.
-- Inputs: _data.voice_session, ocs_activity, agent, other_leg, other_session, duplicate_key; $day.
with bucket as (
    select 's' as relation,
           resource_key % 1024 as bucket,
           string_agg(
               concat_ws('|', resource_key, sm_res_session_fact_key, start_date_time_key, coalesce(start_ts::varchar, ''),
                         coalesce(end_ts::varchar, ''), coalesce(active_flag::varchar, ''), coalesce(update_audit_key::varchar, '')),
               chr(10) order by sm_res_session_fact_key, start_date_time_key
           ) as txt
    from _data.voice_session
    where day = $day::date
    group by resource_key % 1024
    union all
    select 'a',
           resource_key % 1024,
           string_agg(
               concat_ws('|', resource_key, kind, activity_key, start_date_time_key, coalesce(start_ts::varchar, ''),
                         coalesce(end_ts::varchar, ''), coalesce(active_flag::varchar, ''), coalesce(update_audit_key::varchar, ''),
                         coalesce(strlen(switch_name), -1), coalesce(strlen(call_attempt_guid), -1), coalesce(strlen(dialing_mode_code), -1),
                         switch_name, call_attempt_guid, dialing_mode_code),
               chr(10) order by activity_key, start_date_time_key, kind
           )
    from _data.ocs_activity
    where day = $day::date
    group by resource_key % 1024
    union all
    select 'r',
           resource_key % 1024,
           string_agg(
               concat_ws('|', resource_key, coalesce(strlen(employee_id), -1), coalesce(strlen(resource_name), -1), employee_id, resource_name),
               chr(10) order by resource_key
           )
    from _data.agent
    where day = $day::date
    group by resource_key % 1024
    union all
    select 'l',
           resource_key % 1024,
           string_agg(
               concat_ws('|', resource_key, activity_key, start_date_time_key, start_ts, coalesce(end_ts::varchar, ''),
                         coalesce(active_flag::varchar, ''), coalesce(update_audit_key::varchar, ''), strlen(switch_name), switch_name),
               chr(10) order by activity_key, start_date_time_key
           )
    from _data.other_leg
    where day = $day::date
    group by resource_key % 1024
    union all
    select 'o',
           resource_key % 1024,
           string_agg(
               concat_ws('|', resource_key, sm_res_session_fact_key, start_date_time_key, start_ts, coalesce(end_ts::varchar, ''),
                         coalesce(active_flag::varchar, ''), coalesce(update_audit_key::varchar, '')),
               chr(10) order by sm_res_session_fact_key, start_date_time_key
           )
    from _data.other_session
    where day = $day::date
    group by resource_key % 1024
    union all
    select 'd',
           0,
           string_agg(concat_ws('|', relation, row_key, copies), chr(10) order by relation, row_key)
    from _data.duplicate_key
    where day = $day::date
)
select sha256(coalesce(string_agg(concat_ws('|', relation, bucket, sha256(txt)), chr(10) order by relation, bucket), '')) as sha256
from bucket
where txt is not null
