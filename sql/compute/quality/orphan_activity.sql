-- R11 orphan_activity: activities that share a second with the day of a region, but with no voice session of
-- their agent. A session of another resource of the same employee is one of the agent's (R6).
-- Inputs: occupied_activity, session_activity, occupied_session, counted_agent, rule_region_day; $day.
insert into _data.data_quality
with unmatched as (
    select a.*,
           p.agent_id
    from occupied_activity as a
    left join counted_agent as p using (resource_key)
    where not exists (
        from session_activity as m
        where m.activity_id = a.rowid
    )
      and exists (
        from rule_region_day as d
        where greatest(a.start_ts, d.start_ts) < least(a.end_ts, d.end_ts)
    )
),
finding as (
    select activity_key as sort_key,
           kind || ' ' || activity_key as example
    from unmatched as u
    where not exists (
        from occupied_session as s
        where s.agent_id = u.agent_id
          and s.start_ts < u.end_ts
          and s.end_ts > u.start_ts
    )
)
select $day::date,
       'orphan_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
