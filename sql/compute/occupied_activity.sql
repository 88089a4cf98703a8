-- Grain: activity of the slice of a day with its interval (R3); activity_id is its place in the store.
-- Inputs: _data.ocs_activity, rule. No table but a name for a query, with the day as its argument: there are more
-- activities than anything else, and each is looked at a few times only.
create or replace temp macro occupied_activity(slice_day) as table
with activity as (
    select *,
           rowid as activity_id,
           coalesce(active_flag, 0) <> 0 or end_ts is null as is_open
    from _data.ocs_activity
    where day = slice_day::date
      and start_ts is not null
)
select a.activity_id,
       a.kind,
       a.activity_key,
       a.start_date_time_key,
       a.resource_key,
       nullif(a.switch_name, '') as switch_name,
       a.start_ts,
       greatest(case when a.is_open then r.as_of else a.end_ts end, a.start_ts + 1) as end_ts
from activity as a
cross join rule as r
where a.is_open
   or a.end_ts >= a.start_ts
