-- name: watch_blocked_day
-- Grain: day on which a blocking data-quality rule found something (R11), by day.
select distinct day::varchar
from _data.data_quality
where blocking
  and occurrences > 0
order by all

-- name: watch_daily_peak
-- Grain: day x region that was counted (R8), by day. Numbers stay when a day's rows are dropped.
select day::varchar,
       region,
       agents
from _data.daily_concurrent
where location is null
order by day, region

-- name: watch_dropped_day
-- Grain: day whose rows are dropped, by day, and why its numbers, which are kept, are provisional; '' where they are final.
select c.day::varchar,
       if(c.state = 'final', '', 'its rows were dropped before it was final')
from _data.computation as c
anti join _data.slice as s on s.day = c.day
order by c.day

-- name: watch_last_success
-- When the newest run that failed nowhere ended, in epoch seconds; 0 where there is none. A delivery brings no numbers. The
-- newest is the last in the ledger, whatever the clock said: after a night in a year to come it would be that for a year.
select coalesce(arg_max(ended_ts, run_id), 0)
from _data.run
where exit_code = 0
  and command <> 'deliver'

-- name: watch_newest
-- Grain: measure x region of the newest day, or month, that was computed; and data-quality rule (R11) of the newest such day.
select 'concurrent',
       region as name,
       agents
from _data.daily_concurrent
where location is null
  and day = (select max(day) from _data.daily_concurrent)
union all
select 'enabled',
       region,
       agents
from _data.monthly_enabled
where month = (select max(month) from _data.monthly_enabled)
union all
select 'quality',
       rule,
       occurrences
from _data.data_quality
where day = (select max(day) from _data.data_quality)
order by name

-- name: month_status
-- Grain: month of which something is known, by month; $together: several in a row of which nothing is there are one. Inputs: $days, the
-- days that are held or missing, each with its state behind it, and $undelivered, the periods of the revisions still to be delivered.
with known as (
    select day[:7] as month,
           day[12:] as what
    from (select unnest($days::varchar[]) as day)
    union all
    select period[:7],
           case when revision > 1 then 'revised' when length(period) = 7 then 'monthly' else 'daily' end
    from _data.issued_file
    union all
    select unnest($undelivered::varchar[])[:7],
           'undelivered'
),

month as (
    select month,
           count(*) filter (what = 'final') as final,
           count(*) filter (what = 'provisional') as provisional,
           count(*) filter (what = 'daily') as daily,
           count(*) filter (what = 'monthly') as monthly,
           count(*) filter (what = 'revised') as revised,
           count(*) filter (what = 'undelivered') as undelivered,
           final + provisional + daily + monthly + revised = 0 as is_empty
    from known
    group by month
),

follows as (
    select *,
           $together and is_empty and coalesce(lag(is_empty) over (order by month), false) as goes_on
    from month
),

joined as (
    select *,
           count(*) filter (not goes_on) over (order by month) as no
    from follows
)

select min(month),
       max(month),
       sum(final)::bigint,
       sum(provisional)::bigint,
       sum(daily)::bigint,
       sum(monthly)::bigint,
       sum(revised)::bigint,
       sum(undelivered)::bigint
from joined
group by no
order by no
