-- One row, or none: the first of a slice's rows with a time that lies in no year from 1 to 9999. Nothing that shows times
-- could show it, and what is that far off was never a time. What goes on has no end to look at (R2).
-- Inputs: _data.voice_session, ocs_activity, other_leg, other_session; $day.
with value as (
    select 'session' as kind,
           sm_res_session_fact_key as row_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]) as ts,
           unnest(['start_ts', 'end_ts']) as name
    from _data.voice_session
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select kind,
           activity_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.ocs_activity
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select 'leg',
           activity_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.other_leg
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
    union all
    select 'session',
           sm_res_session_fact_key,
           start_date_time_key,
           unnest([start_ts, case when coalesce(active_flag, 0) = 0 then end_ts end]),
           unnest(['start_ts', 'end_ts'])
    from _data.other_session
    where day = $day::date
      and (start_ts not between -62135596800 and 253402300799 or end_ts not between -62135596800 and 253402300799)
)
select kind,
       row_key,
       start_date_time_key,
       name,
       ts
from value
where ts not between -62135596800 and 253402300799
order by all
limit 1
