-- Grain: qualifying session x location (R4, R5); place_id 0 is a switch that has nowhere to go. A session qualifies by
-- the activities of its resource that share a second with it: with the whole session, not its part inside the day.
-- Their switches say where it belongs; unknown ones count only for a session that has no known one, and lead to the
-- default location. Excluded agents are gone from here on (R6).
-- Inputs: occupied_session, occupied_activity, rule_switch, place; $day.
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
)
select session_id,
       place_id,
       first_rank,
       activities,
       false as is_unknown_switch
from session_place
where place_id is not null
union all
select u.session_id,
       f.place_id,
       u.first_rank,
       u.activities,
       true
from session_place as u
cross join fallback as f
where u.place_id is null
  and not exists (
      from session_place as k
      where k.session_id = u.session_id
        and k.place_id is not null
  )
