-- name: held
-- One row: whether the store has a slice of the day.
select count(*) > 0
from _data.slice
where day = $day::date

-- name: insert_span
-- The spans of time that the day covers in the tenant's regions, disjoint, from each of $starts until that of $ends.
insert into _data.slice_span
select $day::date,
       unnest($starts::bigint[]),
       unnest($ends::bigint[])

-- name: insert_default_guid
-- Grain: attempt GUID that the source's mapping puts on calls that have none; for the slice's data quality (R11).
insert into _data.default_guid
select $day::date,
       unnest($guids::varchar[])

-- name: insert_left_out
-- Grain: data source that was left out of the slice's high-water mark (R10).
insert into _data.left_out
values ($day::date, $data_source_key, $data_source_type, $dap_name, $read_up_to)

-- name: write_slice
-- Grain: the slice. Counts and hash are of the rows just written, read back. The row of an older slice is changed in its place, and without
-- "returning": where one transaction takes a primary key out of a table, puts it in again and then fails, DuckDB breaks down.
insert into _data.slice by name
select $day::date as day,
       $source as source,
       $high_water as high_water,
       $as_of as as_of,
       $extracted_ts as extracted_ts,
       (select count(*) from _data.voice_session where day = $day::date) as sessions,
       (select count(*) from _data.ocs_activity where day = $day::date) as activities,
       (select count(*) from _data.agent where day = $day::date) as agents,
       $open_sessions as open_sessions,
       $state as state,
       $sha256 as sha256,
       $lookback_seconds as lookback_seconds
on conflict (day) do update
set source = excluded.source,
    high_water = excluded.high_water,
    as_of = excluded.as_of,
    extracted_ts = excluded.extracted_ts,
    sessions = excluded.sessions,
    activities = excluded.activities,
    agents = excluded.agents,
    open_sessions = excluded.open_sessions,
    state = excluded.state,
    sha256 = excluded.sha256,
    lookback_seconds = excluded.lookback_seconds

-- name: summary
select sessions,
       activities,
       agents
from _data.slice
where day = $day::date

-- name: wrong_time
-- One row at most: of the day's rows that have a time which lies in no year from 1 to 9999, the first. What goes on has no end to look
-- at (R2).
with fact as (
    select 'session' as kind, sm_res_session_fact_key as id, start_date_time_key, start_ts, end_ts, active_flag
    from _data.voice_session
    where day = $day::date
    union all
    select 'session', sm_res_session_fact_key, start_date_time_key, start_ts, end_ts, active_flag
    from _data.other_session
    where day = $day::date
    union all
    select kind, activity_key, start_date_time_key, start_ts, end_ts, active_flag
    from _data.ocs_activity
    where day = $day::date
    union all
    select 'leg', activity_key, start_date_time_key, start_ts, end_ts, active_flag
    from _data.other_leg
    where day = $day::date
)
select kind,
       id,
       start_date_time_key,
       'end_ts' as name,
       end_ts as ts
from fact
where coalesce(active_flag, 0) = 0
    and end_ts not between -62135596800 and 253402300799
union all
select kind,
       id,
       start_date_time_key,
       'start_ts',
       start_ts
from fact
where start_ts not between -62135596800 and 253402300799
order by all
limit 1

-- name: slice_rows
-- Grain: relation that a slice's hash covers, in the order of their letters in it, and how many rows of the day it has.
select 'a' as relation,
       count(*) as rows
from _data.ocs_activity
where day = $day::date
union all
select 'd',
       count(*)
from _data.duplicate_key
where day = $day::date
union all
select 'l',
       count(*)
from _data.other_leg
where day = $day::date
union all
select 'o',
       count(*)
from _data.other_session
where day = $day::date
union all
select 'r',
       count(*)
from _data.agent
where day = $day::date
union all
select 's',
       count(*)
from _data.voice_session
where day = $day::date
order by relation

-- name: part_a
-- Grain: activity of a part of a slice's buckets, $pass of $passes: its bucket, the first two keys that it is in order by within it, then what
-- slice_sha256 writes of it, field by field: an absent number as an empty one, an absent text not at all. For the hash.
select resource_key % 1024,
       activity_key,
       start_date_time_key,
       resource_key,
       kind,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       active_flag::bigint,
       update_audit_key,
       coalesce(strlen(switch_name), -1),
       coalesce(strlen(call_attempt_guid), -1),
       coalesce(strlen(dialing_mode_code), -1),
       switch_name,
       call_attempt_guid,
       dialing_mode_code
from _data.ocs_activity
where day = $day::date
  and (resource_key & 1023) * $passes::bigint >> 10 = $pass

-- name: part_d
-- As part_a, of the keys that stood several times in the source: they are few, and one bucket.
select 0::bigint,
       row_number() over (order by relation, row_key),
       0::bigint,
       relation,
       row_key,
       copies
from _data.duplicate_key
where day = $day::date
  and (0 & 1023) * $passes::bigint >> 10 = $pass

-- name: part_l
-- As part_a, of legs beside the slice.
select resource_key % 1024,
       activity_key,
       start_date_time_key,
       resource_key,
       activity_key,
       start_date_time_key,
       start_ts,
       end_ts,
       active_flag::bigint,
       update_audit_key,
       strlen(switch_name),
       switch_name
from _data.other_leg
where day = $day::date
  and (resource_key & 1023) * $passes::bigint >> 10 = $pass

-- name: part_o
-- As part_a, of sessions beside the slice.
select resource_key % 1024,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       active_flag::bigint,
       update_audit_key
from _data.other_session
where day = $day::date
  and (resource_key & 1023) * $passes::bigint >> 10 = $pass

-- name: part_r
-- As part_a, of resources.
select resource_key % 1024,
       resource_key,
       0::bigint,
       resource_key,
       coalesce(strlen(employee_id), -1),
       coalesce(strlen(resource_name), -1),
       employee_id,
       resource_name
from _data.agent
where day = $day::date
  and (resource_key & 1023) * $passes::bigint >> 10 = $pass

-- name: part_s
-- As part_a, of voice sessions.
select resource_key % 1024,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       sm_res_session_fact_key,
       start_date_time_key,
       start_ts,
       end_ts,
       active_flag::bigint,
       update_audit_key
from _data.voice_session
where day = $day::date
  and (resource_key & 1023) * $passes::bigint >> 10 = $pass

-- name: slice_sha256
-- One row: SHA-256 over all rows of a slice, which are written in a total order, within buckets of their resource. Each bucket is hashed,
-- and the hash over the buckets' hashes, in their order, stands for all: so the work is spread, and any DuckDB client can repeat it. The
-- length of a text stands before it, -1 for an absent one, so that no two rows give the same text.
-- Inputs: _data.voice_session, ocs_activity, agent, other_leg, other_session, duplicate_key; $day.
select sha256(coalesce(string_agg(concat_ws('|', relation, bucket, sha256(txt)), chr(10) order by relation, bucket), '')) as sha256
from (
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
where txt is not null
