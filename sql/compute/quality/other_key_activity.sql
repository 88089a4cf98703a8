-- R11 other_key_activity: activities that qualify no session of their own resource key, and share a second with one of their agent
-- under another key (R6), which they do not qualify (R4).
-- Inputs: occupied_activity, occupied_session, counted_agent; $day.
insert into _data.data_quality
with shared_key as (
    select resource_key,
           agent_id
    from counted_agent
    qualify count(*) over (partition by agent_id) > 1
),
unmatched as (
    select a.*,
           p.agent_id
    from occupied_activity($day) as a
    join shared_key as p using (resource_key)
    anti join occupied_session as s on s.resource_key = a.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
),
finding as (
    select u.activity_key as sort_key,
           u.kind || ' ' || u.activity_key as example
    from unmatched as u
    semi join occupied_session as s on s.agent_id = u.agent_id
        and s.start_ts < u.end_ts
        and s.end_ts > u.start_ts
)
select $day::date,
       'other_key_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
