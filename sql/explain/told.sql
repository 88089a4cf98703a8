-- Grain: qualifying session that occupies a second of a region's day x other leg that shares a second with it (R5), the earliest
-- first. A leg without an end lasts until the session does in which it started (R3).
-- Inputs: _data.qualifying_session, other_leg, voice_session, other_session, slice; $day, $region, $at, $last_second (1 where a session
-- occupies the second of its end, else 0).
with seated as (
    select distinct sm_res_session_fact_key,
                    start_date_time_key,
                    resource_key,
                    start_ts,
                    end_ts
    from _data.qualifying_session
    where day = $day::date
      and region = $region
      and start_ts <= $at
      and end_ts > $at
),
login as (
    select s.resource_key,
           s.start_ts,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(o.as_of, s.start_ts + 1) + $last_second
               else greatest(s.end_ts + $last_second, s.start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    ) as s
    join _data.slice as o using (day)
    where s.day = $day::date
      and (coalesce(s.active_flag, 0) <> 0 or s.end_ts is null or s.end_ts >= s.start_ts)
),
leg as (
    select l.activity_key,
           l.start_date_time_key,
           l.resource_key,
           l.switch_name,
           l.start_ts,
           case
               when coalesce(l.active_flag, 0) <> 0 or l.end_ts is null then greatest(coalesce(max(g.until_ts), any_value(o.as_of)), l.start_ts + 1)
               else greatest(l.end_ts, l.start_ts + 1)
           end as end_ts
    from _data.other_leg as l
    join _data.slice as o using (day)
    left join login as g on g.resource_key = l.resource_key
        and g.start_ts <= l.start_ts
        and g.until_ts > l.start_ts
    where l.day = $day::date
    group by l.activity_key, l.start_date_time_key, l.resource_key, l.switch_name, l.start_ts, l.end_ts, l.active_flag
)
select q.sm_res_session_fact_key,
       q.start_date_time_key,
       l.activity_key,
       l.switch_name
from seated as q
join leg as l on l.resource_key = q.resource_key
    and l.start_ts < q.end_ts
    and l.end_ts > q.start_ts
order by q.sm_res_session_fact_key, q.start_date_time_key, l.start_ts, l.activity_key, l.start_date_time_key
