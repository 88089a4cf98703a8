-- Grain: enabled agent of a region and a range of days, both included (R9), with the session that made her
-- one: the earliest that counted, and by which activity.
-- Input: _data.qualifying_session; $region, $from, $to.
with enabled as (
    select agent,
           count(distinct day) as days,
           min(struct_pack(
               day := day,
               start_ts := start_ts,
               session_key := sm_res_session_fact_key,
               date_time_key := start_date_time_key,
               location := location,
               kind := first_kind,
               activity_key := first_activity_key,
               activity_ts := first_activity_ts
           )) as earliest
    from _data.qualifying_session
    where region = $region
      and day between $from::date and $to::date
    group by agent
)
select agent,
       days,
       earliest.day::varchar,
       earliest.location,
       earliest.session_key,
       earliest.date_time_key,
       earliest.start_ts,
       earliest.kind,
       earliest.activity_key,
       earliest.activity_ts
from enabled
order by agent
