-- Grain: activity of the slice of a day with its interval (R3). activity_rank puts activities into order: by start, legs
-- before previews, by key; all three can be read from it again. One number, because the least of numbers is found much
-- faster, and in less memory, than the least of rows.
-- Inputs: _data.ocs_activity, rule. No table but a name for a query, with the day as its argument: there are more
-- activities than anything else, and each is looked at a few times only.
create or replace temp macro occupied_activity(slice_day) as table
with activity as (
    select *,
           coalesce(active_flag, 0) <> 0 or end_ts is null as is_open
    from _data.ocs_activity
    where day = slice_day::date
      and start_ts is not null
)
select (a.start_ts * 2::hugeint + (a.kind = 'preview')::hugeint) * 18446744073709551616 + a.activity_key + 9223372036854775808 as activity_rank,
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
