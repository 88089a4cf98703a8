-- R11 rejected_activity: activities that R3 rejects. Input: _data.ocs_activity; $day.
insert into _data.data_quality
with finding as (
    select activity_key as sort_key,
           kind || ' ' || activity_key as example
    from _data.ocs_activity
    where day = $day::date
      and (start_ts is null
           or (coalesce(active_flag, 0) = 0 and end_ts < start_ts))
)
select $day::date,
       'rejected_activity',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
