-- Grain: activity of the slice with its interval (R3). Later statements name it by its rowid here, as activity_id.
-- Inputs: _data.ocs_activity, rule; $day.
create or replace temp table occupied_activity as
with activity as (
    select a.*,
           coalesce(a.active_flag, 0) <> 0 or a.end_ts is null as is_open
    from _data.ocs_activity as a
    where a.day = $day::date
      and a.start_ts is not null
),
bounded as (
    select a.kind,
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
)
from bounded
