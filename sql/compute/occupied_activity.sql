-- Grain: activity of the slice of a day with its interval (R3). activity_rank puts activities into order: by start, legs
-- before previews, by key; all three can be read from it again. One number, because the least of numbers is found much
-- faster, and in less memory, than the least of rows.
-- Inputs: _data.ocs_activity, open_activity. No table but a name for a query, with the day as its argument: there are more
-- activities than anything else, and each is looked at a few times only.
create or replace temp macro occupied_activity(slice_day) as table
with activity as (
    select kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           greatest(end_ts, start_ts + 1) as end_ts
    from _data.ocs_activity
    where day = slice_day::date
      and coalesce(active_flag, 0) = 0
      and end_ts >= start_ts
    union all
    select kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts
    from open_activity
    where not is_other
)
select (start_ts * 2::hugeint + (kind = 'preview')::hugeint) * 18446744073709551616 + activity_key + 9223372036854775808 as activity_rank,
       kind,
       activity_key,
       resource_key,
       nullif(switch_name, '') as switch_name,
       start_ts,
       end_ts
from activity
