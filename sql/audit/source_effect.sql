-- Grain: agent of a region's day whose part in it is another one now: qualifying sessions as kept and as read
-- again, and whether the agent is in the peak of either. Inputs: kept_qualifying_session, the results of the slice
-- read again; $day, $region, $peak_before, $peak_after (epoch seconds, 0: no peak).
with before as (
    select agent,
           count(distinct (sm_res_session_fact_key, start_date_time_key)) as sessions,
           bool_or(start_ts <= $peak_before and end_ts > $peak_before) as is_in_peak,
           list(distinct (start_ts, end_ts) order by (start_ts, end_ts)) as spans
    from kept_qualifying_session
    where day = $day::date
      and region = $region
    group by agent
),
after as (
    select agent,
           count(distinct (sm_res_session_fact_key, start_date_time_key)) as sessions,
           bool_or(start_ts <= $peak_after and end_ts > $peak_after) as is_in_peak,
           list(distinct (start_ts, end_ts) order by (start_ts, end_ts)) as spans
    from _data.qualifying_session
    where day = $day::date
      and region = $region
    group by agent
)
select agent,
       coalesce(b.sessions, 0),
       coalesce(a.sessions, 0),
       coalesce(b.is_in_peak, false),
       coalesce(a.is_in_peak, false)
from before as b
full join after as a using (agent)
where b.spans is distinct from a.spans
   or coalesce(b.is_in_peak, false) <> coalesce(a.is_in_peak, false)
order by agent
