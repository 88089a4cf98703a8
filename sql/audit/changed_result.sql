-- Grain: relation of results in which the published store differs from what its slice gives: how many rows are in
-- one of the two alone. Inputs: results of the scratch and of the published store; $day.
with difference as (
    select 'qualifying_session' as relation,
           count(*) as differing
    from (
        (select * from _data.qualifying_session where day = $day::date
         except all
         select * from published._data.qualifying_session where day = $day::date)
        union all
        (select * from published._data.qualifying_session where day = $day::date
         except all
         select * from _data.qualifying_session where day = $day::date)
    )
    union all
    select 'concurrency',
           count(*)
    from (
        (select * from _data.concurrency where day = $day::date
         except all
         select * from published._data.concurrency where day = $day::date)
        union all
        (select * from published._data.concurrency where day = $day::date
         except all
         select * from _data.concurrency where day = $day::date)
    )
    union all
    select 'daily_concurrent',
           count(*)
    from (
        (select * exclude (state) from _data.daily_concurrent where day = $day::date
         except all
         select * exclude (state) from published._data.daily_concurrent where day = $day::date)
        union all
        (select * exclude (state) from published._data.daily_concurrent where day = $day::date
         except all
         select * exclude (state) from _data.daily_concurrent where day = $day::date)
    )
    union all
    select 'enabled_daily',
           count(*)
    from (
        (select * exclude (state) from _data.enabled_daily where day = $day::date
         except all
         select * exclude (state) from published._data.enabled_daily where day = $day::date)
        union all
        (select * exclude (state) from published._data.enabled_daily where day = $day::date
         except all
         select * exclude (state) from _data.enabled_daily where day = $day::date)
    )
    union all
    select 'data_quality',
           count(*)
    from (
        (select * from _data.data_quality where day = $day::date
         except all
         select * from published._data.data_quality where day = $day::date)
        union all
        (select * from published._data.data_quality where day = $day::date
         except all
         select * from _data.data_quality where day = $day::date)
    )
)
select relation,
       differing
from difference
where differing > 0
order by relation
