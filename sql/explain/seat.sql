-- Grain: qualifying session x location that occupies a second of a region's day, with the activity that
-- qualified it there. Agents in alphabetical order.
-- The store names that activity without its start_date_time_key; where two rows fit, the one that the
-- counting met first is taken. (Not by row_number() = 1: where DuckDB 1.5.6 can tell beforehand that there is
-- no row, that fails in its optimizer.)
-- Inputs: _data.qualifying_session, _data.voice_session, _data.ocs_activity; $day, $region, $location ('' for
-- every location of the region), $at.
with seated as (
    select *
    from _data.qualifying_session
    where day = $day::date
      and region = $region
      and ($location = '' or location = $location)
      and start_ts <= $at
      and end_ts > $at
),
first_activity as (
    select a.kind,
           a.activity_key,
           a.resource_key,
           a.start_ts,
           min(a.start_date_time_key) as date_time_key,
           arg_min(coalesce(a.switch_name, ''), a.start_date_time_key) as switch_name,
           arg_min(coalesce(a.call_attempt_guid, ''), a.start_date_time_key) as call_attempt_guid
    from _data.ocs_activity as a
    semi join seated as q on q.first_kind = a.kind
        and q.first_activity_key = a.activity_key
        and q.resource_key = a.resource_key
        and q.first_activity_ts = a.start_ts
    where a.day = $day::date
    group by a.kind, a.activity_key, a.resource_key, a.start_ts
)
select q.agent,
       q.resource_key,
       q.location,
       q.sm_res_session_fact_key,
       q.start_date_time_key,
       q.start_ts,
       case when not q.is_open then s.end_ts end as logout_ts,
       q.end_ts,
       q.activities,
       a.kind,
       a.activity_key,
       a.date_time_key,
       a.start_ts,
       a.switch_name,
       a.call_attempt_guid
from seated as q
join _data.voice_session as s on s.day = $day::date
    and s.sm_res_session_fact_key = q.sm_res_session_fact_key
    and s.start_date_time_key = q.start_date_time_key
join first_activity as a on a.kind = q.first_kind
    and a.activity_key = q.first_activity_key
    and a.resource_key = q.resource_key
    and a.start_ts = q.first_activity_ts
order by q.agent, q.start_ts, q.sm_res_session_fact_key, q.start_date_time_key, q.location
