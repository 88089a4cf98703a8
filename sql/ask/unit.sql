-- name: breakdown
-- Grain: region's day x what its seats are broken down by: the peak of each by itself, its share of the region's, and its
-- enabled agents, the largest share first.
-- Input: the store's macro breakdown; $by, $regions, $periods (one of each a region's day).
with asked as (
    select unnest($periods::varchar[]) as day,
           unnest($regions::varchar[]) as region
)
select a.day,
       a.region,
       b.name,
       b.peak,
       epoch(b.peak_at)::bigint as peak_ts,
       b.share_at_peak,
       b.enabled
from asked as a
cross join lateral breakdown($by, a.region, a.day) as b
order by a.day, a.region, b.share_at_peak desc, b.peak desc, b.name

-- name: enabled_by
-- Grain: what the seats of a region's month are broken down by, with the enabled agents of each (R9).
-- Input: the store's macro enabled_by; $by, $region, $period (a month).
select $period::varchar,
       $region::varchar,
       name,
       0,
       0,
       0,
       agents
from enabled_by($by, $region, $period)

-- name: enabled_agent
-- Grain: enabled agent of a region and the days of a month (R9), known by the newest word of these for each resource_key (R6), with
-- the session that made her one: the earliest that counted, and by which activity.
-- Inputs: _data.qualifying_session, agent, slice; $region, $days; $tenant and $month, which stand in every row.
with counted as (
    select unnest($days)::date as day
),
word as (
    select a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join counted as c using (day)
    join _data.slice as s using (day)
    group by a.resource_key
),
enabled as (
    select coalesce(w.agent, q.agent) as agent,
           count(distinct q.day) as days,
           min(struct_pack(
               day := q.day,
               start_ts := q.start_ts,
               session_key := q.sm_res_session_fact_key,
               date_time_key := q.start_date_time_key,
               location := q.location,
               kind := q.first_kind,
               activity_key := q.first_activity_key,
               activity_ts := q.first_activity_ts
           )) as earliest
    from _data.qualifying_session as q
    join counted as c using (day)
    left join word as w using (resource_key)
    where q.region = $region
    group by coalesce(w.agent, q.agent)
)
select $tenant as tenant,
       $region as region,
       $month as month,
       agent,
       days,
       earliest.day as first_date,
       earliest.location,
       earliest.session_key as sm_res_session_fact_key,
       earliest.date_time_key as start_date_time_key,
       to_timestamp(earliest.start_ts) as login,
       earliest.kind,
       earliest.activity_key,
       to_timestamp(earliest.activity_ts) as activity_start
from enabled
order by agent
