-- name: changed_month
-- Grain: region whose monthly number in the published store is not what the slices give under the same rules and
-- statements: published, computed again. Input: $month.
select p.region,
       p.agents,
       m.agents
from published._data.monthly_enabled as p
join _data.monthly_enabled as m on m.month = p.month
    and m.region = p.region
    and m.rules_sha256 = p.rules_sha256
    and m.sql_sha256 = p.sql_sha256
    and m.slices_sha256 = p.slices_sha256
where p.month = $month
  and p.agents <> m.agents
order by p.region

-- name: changed_result
-- Grain: day and relation of results in which the published store differs from what its slice gives: how many rows are in
-- one of the two alone. Inputs: results of the scratch and of the published store; $days.
with asked as (
    select unnest($days::varchar[])::date as day
),
difference as (
    select 'qualifying_session' as relation,
           day
    from (
        (select * from _data.qualifying_session where day in (from asked)
         except all
         select * from published._data.qualifying_session where day in (from asked))
        union all
        (select * from published._data.qualifying_session where day in (from asked)
         except all
         select * from _data.qualifying_session where day in (from asked))
    )
    union all
    select 'concurrency',
           day
    from (
        (select * from _data.concurrency where day in (from asked)
         except all
         select * from published._data.concurrency where day in (from asked))
        union all
        (select * from published._data.concurrency where day in (from asked)
         except all
         select * from _data.concurrency where day in (from asked))
    )
    union all
    select 'daily_concurrent',
           day
    from (
        (select * exclude (state) from _data.daily_concurrent where day in (from asked)
         except all
         select * exclude (state) from published._data.daily_concurrent where day in (from asked))
        union all
        (select * exclude (state) from published._data.daily_concurrent where day in (from asked)
         except all
         select * exclude (state) from _data.daily_concurrent where day in (from asked))
    )
    union all
    select 'enabled_daily',
           day
    from (
        (select * exclude (state) from _data.enabled_daily where day in (from asked)
         except all
         select * exclude (state) from published._data.enabled_daily where day in (from asked))
        union all
        (select * exclude (state) from published._data.enabled_daily where day in (from asked)
         except all
         select * exclude (state) from _data.enabled_daily where day in (from asked))
    )
    union all
    select 'data_quality',
           day
    from (
        (select * from _data.data_quality where day in (from asked)
         except all
         select * from published._data.data_quality where day in (from asked))
        union all
        (select * from published._data.data_quality where day in (from asked)
         except all
         select * from _data.data_quality where day in (from asked))
    )
)
select day::varchar,
       relation,
       count(*) as differing
from difference
group by day, relation
order by day, relation

-- name: not_issued
-- Grain: number of a region that was computed and stands in no file. Days without a region's row were never
-- computed for it; a month counts once all of its days are asked for.
-- Inputs: published results, _data.issued_file; $from, $to (days, both included).
with computed as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents
    from published._data.daily_concurrent
    where location is null
      and day between $from::date and $to::date
    union all
    select region,
           'enabled',
           month,
           agents
    from published._data.monthly_enabled
)
select c.region,
       c.period,
       c.agents
from computed as c
anti join _data.issued_file as i on i.region = c.region
    and i.measure = c.measure
    and i.period = c.period
order by c.period, c.region

-- name: computation
-- Grain: day of the published store that was computed: from which slice, rules and statements.
select c.day::varchar,
       c.slice_sha256,
       coalesce((to_json(c) ->> 'as_of')::bigint = s.as_of, false) as is_of_slice, -- a store of an older version does not know
       c.rules_sha256,
       c.sql_sha256
from published._data.computation as c
left join _data.slice as s on s.day = c.day
order by c.day

-- name: rules
-- Grain: set of counting rules that the published store keeps, by the hash that it is kept by.
select rules_sha256,
       rules
from published._data.computation
union
select sha256,
       rules
from published._data.counting_rules
order by all

-- name: slice_count
-- Grain: slice: its rows, counted, beside what it says of them. Input: $days.
select s.day::varchar,
       s.sessions,
       s.activities,
       s.agents,
       (select count(*) from _data.voice_session as v where v.day = s.day),
       (select count(*) from _data.ocs_activity as a where a.day = s.day),
       (select count(*) from _data.agent as g where g.day = s.day)
from _data.slice as s
where s.day in (select unnest($days::varchar[])::date)
