-- name: scope
-- Grain: what concurrency is counted for (R8): each region, and each of its locations, over the region's day.
-- Inputs: rule_region_day, rule_location.
create or replace temp table scope as
with named as (
    select day,
           region,
           null as location
    from rule_region_day
    union all
    select day,
           region,
           location
    from rule_location
)
select row_number() over (order by day, region, n.location nulls first) as scope_id,
       day,
       region,
       n.location,
       d.start_ts,
       d.end_ts
from named as n
join rule_region_day as d using (day, region)

-- name: place
-- Grain: location of the tenant on a day, by the number of its scope, with that of its region (R5).
-- Inputs: rule_location, scope.
create or replace temp table place as
select n.day,
       l.scope_id as place_id,
       r.scope_id as region_id,
       l.region,
       l.location,
       n.is_default
from rule_location as n
join scope as l on l.day = n.day
    and l.region = n.region
    and l.location = n.location
join scope as r on r.day = n.day
    and r.region = n.region
    and r.location is null

-- name: session_location
-- Grain: qualifying session x location (R4, R5); place_id 0 is a switch that has nowhere to go. A session qualifies by
-- the activities of its resource that share a second with it: with the whole session, not its part inside the day.
-- Their switches say where it belongs; unknown ones count only for a session that has no known one. Then the switches of the login's
-- other legs say it, and only where there is none either it belongs to the default location. told_by: 'activity', 'other leg' or
-- 'nothing'. Excluded agents are gone from here on (R6).
-- Inputs: occupied_session, occupied_activity, occupied_other_leg, rule, rule_switch, place.
create or replace temp table session_location as
with listed as (
    select day,
           w.switch_name,
           p.place_id
    from rule_switch as w
    join place as p using (day, region, location)
),
fallback as (
    select day,
           coalesce(min(p.place_id), 0) as place_id
    from rule
    left join (from place where is_default) as p using (day)
    group by day
),
session_activity as (
    select s.rowid as session_id,
           a.activity_rank,
           case when a.switch_name is not null then coalesce(l.place_id, f.place_id) end as place_id
    from occupied_activity as a
    join occupied_session as s on s.day = a.day
        and s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    join fallback as f on f.day = a.day
    left join listed as l on l.day = a.day
        and l.switch_name = a.switch_name
    where not s.is_excluded
),
session_place as (
    select session_id,
           place_id,
           min(activity_rank) as first_rank,
           count(*) as activities
    from session_activity
    group by session_id, place_id
),
lacking as (
    select u.session_id,
           u.first_rank,
           u.activities,
           s.day,
           s.resource_key,
           s.start_ts,
           s.end_ts
    from session_place as u
    join occupied_session as s on s.rowid = u.session_id
    anti join (from session_place where place_id is not null) as k on k.session_id = u.session_id
    where u.place_id is null
),
told as (
    select distinct k.session_id,
                    coalesce(l.place_id, f.place_id) as place_id
    from lacking as k
    join occupied_other_leg as o on o.day = k.day
        and o.resource_key = k.resource_key
        and k.start_ts < o.end_ts
        and k.end_ts > o.start_ts
    join fallback as f on f.day = k.day
    left join listed as l on l.day = k.day
        and l.switch_name = o.switch_name
)
select session_id,
       place_id,
       first_rank,
       activities,
       'activity' as told_by
from session_place
where place_id is not null
union all
select k.session_id,
       coalesce(t.place_id, f.place_id),
       k.first_rank,
       k.activities,
       case when t.session_id is null then 'nothing' else 'other leg' end
from lacking as k
join fallback as f on f.day = k.day
left join told as t on t.session_id = k.session_id

-- name: presence
-- Grain: qualifying session x scope, cut to the region's day. In a region a session of several locations
-- stands once.
-- Inputs: session_location, place, occupied_session, scope.
create or replace temp table presence as
with placed as (
    select session_id,
           place_id as scope_id
    from session_location
    where place_id <> 0
    union all
    select distinct l.session_id,
                    p.region_id
    from session_location as l
    join place as p using (place_id)
)
select p.scope_id,
       s.agent_id,
       greatest(s.start_ts, c.start_ts) as start_ts,
       least(s.end_ts, c.end_ts) as end_ts,
       s.is_alone
from placed as p
join occupied_session as s on s.rowid = p.session_id
join scope as c using (scope_id)
where greatest(s.start_ts, c.start_ts) < least(s.end_ts, c.end_ts)

-- name: qualifying_session
-- Grain: session x location x region (R4 to R6), for the regions whose day the session touches.
-- Inputs: session_location, place, scope, occupied_session with occupied_activity's rank, counted_agent.
insert into _data.qualifying_session
select c.day,
       c.region,
       c.location,
       p.agent,
       s.resource_key,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.start_ts,
       s.end_ts,
       s.is_open,
       case when l.first_rank >> 64 & 1 = 0 then 'leg' else 'preview' end,
       (l.first_rank & 18446744073709551615) - 9223372036854775808,
       l.first_rank >> 65,
       l.activities
from session_location as l
join scope as c on c.scope_id = l.place_id
join occupied_session as s on s.rowid = l.session_id
join counted_agent as p on p.day = s.day
    and p.resource_key = s.resource_key
where greatest(s.start_ts, c.start_ts) < least(s.end_ts, c.end_ts)
