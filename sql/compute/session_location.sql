-- Grain: qualifying session x location (R5); place_id 0 is a switch that has nowhere to go. Unknown switches
-- count only for a session that has no known one, and lead to the default location.
-- Inputs: session_activity, place.
create or replace temp table session_location as
with session_place as (
    select session_id,
           place_id,
           arg_min(activity_id, (start_ts, kind, activity_key, start_date_time_key)) as first_activity_id,
           count(*) as activities
    from session_activity
    group by session_id, place_id
)
select session_id,
       place_id,
       first_activity_id,
       activities,
       false as is_unknown_switch
from session_place
where place_id is not null
union all
select u.session_id,
       coalesce((select min(place_id) from place where is_default), 0),
       u.first_activity_id,
       u.activities,
       true
from session_place as u
where u.place_id is null
  and not exists (
      from session_place as k
      where k.session_id = u.session_id
        and k.place_id is not null
  )
