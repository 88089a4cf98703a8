-- Grain: bucket of a slice's rows, as the text that slice_sha256.sql hashes, for a part of the buckets at a time: so memory
-- does not grow with the slice, and the program hashes them itself, which is quicker.
-- Inputs: _data.voice_session, ocs_activity, agent, other_leg, other_session, duplicate_key; $day; $pass of $passes.
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
      and abs(resource_key % 1024) // 8 % $passes = $pass
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
      and abs(resource_key % 1024) // 8 % $passes = $pass
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
      and abs(resource_key % 1024) // 8 % $passes = $pass
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
      and abs(resource_key % 1024) // 8 % $passes = $pass
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
      and abs(resource_key % 1024) // 8 % $passes = $pass
    group by resource_key % 1024
    union all
    select 'd',
           0,
           string_agg(concat_ws('|', relation, row_key, copies), chr(10) order by relation, row_key)
    from _data.duplicate_key
    where day = $day::date
      and $pass = 0
)
select relation,
       bucket,
       txt
from bucket
where txt is not null
