-- Grain: voice session of the slice, or one beside it (is_beside) that is there because activities started in it (R3), with the
-- interval that it occupies (R2): start_ts to until_ts; logout_ts is its end before the end second counts. Rejected ones are left out.
-- Inputs: _data.voice_session, other_session, rule. No table but a name for a query, with the day as its argument.
create or replace temp macro login(slice_day) as table
with session as (
    select s.*,
           false as is_beside
    from _data.voice_session as s
    where s.day = slice_day::date
    union all
    select s.*,
           true
    from _data.other_session as s
    where s.day = slice_day::date
),
begun as (
    select *,
           coalesce(active_flag, 0) <> 0 or end_ts is null as is_open
    from session
    where start_ts is not null
),
bounded as (
    select s.*,
           case when s.is_open then greatest(r.as_of, s.start_ts + 1) else s.end_ts end as logout_ts,
           r.end_second_counts
    from begun as s
    cross join rule as r
    where s.is_open
       or s.end_ts >= s.start_ts
)
select *,
       case when end_second_counts then logout_ts + 1 else greatest(logout_ts, start_ts + 1) end as until_ts
from bounded
