-- R11 orphan_activity: activities that share no second with a voice session of their resource.
-- Inputs: occupied_activity, session_activity.
insert into data.data_quality
with finding as (
    select a.activity_key as sort_key,
           a.kind || ' ' || a.activity_key as example
    from occupied_activity as a
    anti join session_activity as m using (activity_id)
)
select $day::date,
       'orphan_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
