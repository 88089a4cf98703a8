-- R11 orphan_activity: activities that share a second with the day of a region, but with no voice session of
-- their agent. A session of another resource of the same employee is one of the agent's (R6).
-- Inputs: occupied_activity, occupied_session, counted_agent, rule_region_day; $day.
insert into _data.data_quality
with unmatched as (
    select a.*
    from occupied_activity($day) as a
    anti join occupied_session as s on s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    semi join rule_region_day as d on d.start_ts < a.end_ts
        and d.end_ts > a.start_ts
        and d.start_ts < d.end_ts
),
finding as (
    select u.activity_key as sort_key,
           u.kind || ' ' || u.activity_key as example
    from unmatched as u
    left join counted_agent as p using (resource_key)
    anti join occupied_session as s on s.agent_id = p.agent_id
        and s.start_ts < u.end_ts
        and s.end_ts > u.start_ts
)
select $day::date,
       'orphan_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
