-- The sessions outside the slice in which an activity of the slice without an end, or an other leg without one, started (R3).
-- Inputs: beside_session, _data.ocs_activity, other_leg; $day.
insert into _data.other_session
with started as (
    select resource_key,
           start_ts,
           end_ts,
           active_flag
    from _data.ocs_activity
    where day = $day::date
    union all
    select resource_key,
           start_ts,
           end_ts,
           active_flag
    from _data.other_leg
    where day = $day::date
)
select $day::date,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.active_flag,
       s.update_audit_key
from beside_session as s
semi join started as a on a.resource_key = s.resource_key
    and a.start_ts >= s.start_ts
    and a.start_ts < s.until_ts
    and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null)
order by s.resource_key, s.start_ts, s.sm_res_session_fact_key
