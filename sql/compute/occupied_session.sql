-- Grain: voice session of the slice with the interval it occupies (R2); rejected ones, and those that touch
-- no region's day under today's session_end, are left out.
-- Inputs: data.voice_session, counted_agent, rule, rule_region_day; $day.
create or replace temp table occupied_session as
with session as (
    select s.*,
           coalesce(s.active_flag, 0) <> 0 or s.end_ts is null as is_open
    from data.voice_session as s
    where s.day = $day::date
      and s.start_ts is not null
),
bounded as (
    select s.*,
           case when s.is_open then greatest(r.as_of, s.start_ts + 1) else s.end_ts end as logout_ts,
           r.end_second_counts
    from session as s
    cross join rule as r
    where s.is_open
       or s.end_ts >= s.start_ts
),
occupied as (
    select *,
           case when end_second_counts then logout_ts + 1 else greatest(logout_ts, start_ts + 1) end as until_ts
    from bounded
)
select row_number() over () as session_id,
       o.sm_res_session_fact_key,
       o.start_date_time_key,
       o.resource_key,
       a.agent_id,
       a.is_excluded,
       o.start_ts,
       o.until_ts as end_ts,
       o.logout_ts,
       o.is_open
from occupied as o
join counted_agent as a using (resource_key)
where exists (
    from rule_region_day as d
    where greatest(o.start_ts, d.start_ts) < least(o.until_ts, d.end_ts)
)
