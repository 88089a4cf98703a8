-- Grain: activity of the slice with its interval (R3), numbered in the order of its start.
-- Inputs: data.ocs_activity, rule; $day.
create or replace temp table occupied_activity as
with activity as (
    select a.*,
           coalesce(a.active_flag, 0) <> 0 or a.end_ts is null as is_open
    from data.ocs_activity as a
    where a.day = $day::date
      and a.start_ts is not null
)
select row_number() over (order by a.start_ts, a.kind, a.activity_key, a.start_date_time_key) as activity_id,
       a.kind,
       a.activity_key,
       a.resource_key,
       nullif(a.switch_name, '') as switch_name,
       a.start_ts,
       greatest(case when a.is_open then r.as_of else a.end_ts end, a.start_ts + 1) as end_ts
from activity as a
cross join rule as r
where a.is_open
   or a.end_ts >= a.start_ts
