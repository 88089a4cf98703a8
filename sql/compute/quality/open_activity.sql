-- R11 open_activity: activities without an end, which last until the session in which they started does (R3).
-- Inputs: open_activity.
insert into _data.data_quality
with finding as (
    select activity_key as sort_key,
           kind || ' ' || activity_key as example
    from open_activity
    where not is_other
)
select $day::date,
       'open_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
