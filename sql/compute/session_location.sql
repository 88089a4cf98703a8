-- Grain: qualifying session x location (R4, R5); place_id 0 is a switch that has nowhere to go. A session qualifies by
-- the activities of its resource that share a second with it: with the whole session, not its part inside the day.
-- Their switches say where it belongs; unknown ones count only for a session that has no known one. Then the switches of the login's
-- other legs say it, and only where there is none either it belongs to the default location. told_by: 'activity', 'other leg' or
-- 'nothing'. Excluded agents are gone from here on (R6).
-- Inputs: occupied_session, occupied_activity, occupied_other_leg, rule_switch, place; $day.
create or replace temp table session_location as
with listed as (
    select w.switch_name,
           p.place_id
    from rule_switch as w
    join place as p using (region, location)
),
fallback as (
    select coalesce(min(place_id), 0) as place_id
    from place
    where is_default
),
session_activity as (
    select s.rowid as session_id,
           a.activity_rank,
           case when a.switch_name is not null then coalesce(l.place_id, f.place_id) end as place_id
    from occupied_activity($day) as a
    join occupied_session as s on s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    left join listed as l on l.switch_name = a.switch_name
    cross join fallback as f
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
           u.activities
    from session_place as u
    where u.place_id is null
      and not exists (
          from session_place as k
          where k.session_id = u.session_id
            and k.place_id is not null
      )
),
told as (
    select distinct k.session_id,
                    coalesce(l.place_id, f.place_id) as place_id
    from lacking as k
    join occupied_session as s on s.rowid = k.session_id
    join occupied_other_leg as o on o.resource_key = s.resource_key
        and s.start_ts < o.end_ts
        and s.end_ts > o.start_ts
    left join listed as l on l.switch_name = o.switch_name
    cross join fallback as f
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
left join told as t on t.session_id = k.session_id
cross join fallback as f
