-- Grain: activity of the slice, or other leg of it, without an end (R3), with where it ends: at the end of the session of its resource
-- in which it started, of several the one that ends last; at the as-of where it started in none. They are few.
-- Inputs: _data.ocs_activity, other_leg, login, rule; $day.
create or replace temp table open_activity as
with open as (
    select kind,
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           false as is_other
    from _data.ocs_activity
    where day = $day::date
    union all
    select 'leg',
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           true
    from _data.other_leg
    where day = $day::date
)
select o.is_other,
       o.kind,
       o.activity_key,
       o.start_date_time_key,
       o.resource_key,
       o.switch_name,
       o.start_ts,
       greatest(coalesce(max(l.until_ts), any_value(r.as_of)), o.start_ts + 1) as end_ts
from open as o
cross join rule as r
left join login($day) as l on l.resource_key = o.resource_key
    and l.start_ts <= o.start_ts
    and l.until_ts > o.start_ts
where o.start_ts is not null
  and (coalesce(o.active_flag, 0) <> 0 or o.end_ts is null)
group by o.is_other, o.kind, o.activity_key, o.start_date_time_key, o.resource_key, o.switch_name, o.start_ts
