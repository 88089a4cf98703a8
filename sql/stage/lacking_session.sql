-- Grain: session of the slice whose own activities know no switch (R5). before_end: so it is where sessions end before their end
-- second, with_end: where that second counts (R2). A slice serves both.
-- Inputs: _data.ocs_activity, open_end, stay; $day.
create or replace temp table lacking_session as
with activity as (
    select a.resource_key,
           coalesce(a.switch_name, '') <> '' as is_known,
           a.start_ts,
           coalesce(e.end_ts, greatest(a.end_ts, least(a.start_ts, 253402300799) + 1)) as end_ts,
           coalesce(e.until_ts, greatest(a.end_ts, least(a.start_ts, 253402300799) + 1)) as until_ts
    from _data.ocs_activity as a
    left join open_end as e using (kind, activity_key, start_date_time_key)
    where a.day = $day::date
      and a.start_ts is not null
      and (e.end_ts is not null or a.end_ts >= a.start_ts)
),
unknown as (
    select distinct resource_key
    from activity
    where not is_known
),
session as (
    select row_number() over () as session_id,
           s.*
    from stay as s
    semi join unknown as u using (resource_key)
),
seen as (
    select s.session_id,
           w.with_end
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and s.until_ts > a.start_ts
        and s.start_ts < greatest(a.end_ts, a.until_ts)
    join (values (false), (true)) as w (with_end) on s.start_ts < case when w.with_end then a.until_ts else a.end_ts end
        and case when w.with_end then s.until_ts else s.end_ts end > a.start_ts
    group by s.session_id, w.with_end
    having not bool_or(a.is_known)
)
select s.session_id,
       s.resource_key,
       s.start_ts,
       s.end_ts,
       s.until_ts,
       bool_or(not n.with_end) as before_end,
       bool_or(n.with_end) as with_end
from seen as n
join session as s using (session_id)
group by all
