-- name: their_number
-- Grain: region x measure x period of which somebody else has a number. Input: $theirs, as JSON.
create or replace temp table their_number as
select unnest(n)
from (
    select unnest(from_json_strict($theirs, '[{
        "region": "VARCHAR",
        "measure": "VARCHAR",
        "period": "VARCHAR",
        "value": "BIGINT"
    }]')) as n
)

-- name: our_number
-- Grain: region x measure x period that is stored or issued: of a day, or of a month, whose most at once is that of its days, where
-- all of these are there. issued: by the newest data file.
-- Inputs: _data.daily_concurrent, enabled_daily, monthly_enabled, issued_file; $days, a list of regions and their months as JSON with
-- how many days these have.
create or replace temp table our_number as
with asked as (
    select unnest(n)
    from (
        select unnest(from_json_strict($days, '[{"region": "VARCHAR", "month": "VARCHAR", "days": "BIGINT"}]')) as n
    )
),
stored as (
    select region, 'concurrent' as measure, day::varchar as period, agents as value
    from _data.daily_concurrent
    where location is null
    union all
    select region, 'concurrent', month, max(d.agents)
    from _data.daily_concurrent as d
    join asked as a using (region)
    where d.location is null
      and strftime(d.day, '%Y-%m') = a.month
    group by region, a.month, a.days
    having count(*) >= a.days
    union all
    select region, 'enabled', day::varchar, agents
    from _data.enabled_daily
    union all
    select region, 'enabled', month, agents
    from _data.monthly_enabled
),
issued as (
    select region,
           regexp_replace(measure, '^(daily|monthly)_', '') as measure,
           period,
           arg_max(value, revision) as issued
    from _data.issued_file
    group by all
)
select region, measure, period, value, issued
from stored
left join issued using (region, measure, period)

-- name: reconciled
-- Grain: region x measure x period: theirs, ours as stored, and as issued. What they lack is there within the span of what they have.
-- Inputs: their_number, our_number.
with span as (
    select region, measure, length(period) as long,
           min(period) as first_period,
           max(period) as last_period
    from their_number
    group by all
)
select region, measure, period,
       t.value as theirs,
       o.value as ours,
       o.issued
from their_number as t
full join our_number as o using (region, measure, period)
join span as s using (region, measure)
where s.long = length(period)
  and period between s.first_period and s.last_period
order by region, s.long, measure, period

-- name: finding
-- Grain: set of readings that gives some of their numbers of a measure, days or months, where these differ from ours; or that comes
-- nearest to one that none gives. Two more readings need no count: that a day is missing (of a day: nobody at all; of a month:
-- what it is without one of its days), and that a number is an earlier revision's. What is not missing, or has no earlier
-- revision, is as the rest of the set has it.
-- is_all: all of their numbers of the measure are the set's, also those that are ours, so that none is spoiled. Shown are of
-- these the smallest, and the smallest that give all of the region's numbers; where there is none, each that gives
-- a number: pairs only for what no single reading gives; and nearest ones.
-- Inputs: reading_result, their_number, our_number, _data.issued_file; $region.
with asked as (
    select t.measure,
           t.period,
           length(t.period) as long,
           t.value as theirs,
           t.value = o.value as is_ours
    from their_number as t
    join our_number as o using (region, measure, period)
    join reading_result as r on r.reading = 0 -- of days whose rows are kept, and give what is stored
        and r.measure = t.measure
        and r.period = t.period
        and r.left_out = ''
        and r.value = o.value
    where t.region = $region
),
tried as (
    select r.reading,
           r.size + a.more as size,
           a.missing,
           a.earlier
    from (select distinct reading, size from reading_result) as r
    cross join (values (false, false, 0), (true, false, 1), (false, true, 1)) as a (missing, earlier, more)
    where r.size + a.more between 1 and 2
),
option as (
    select t.reading, t.missing, t.earlier, r.measure, r.period, r.value,
           '' as how
    from tried as t
    join reading_result as r using (reading)
    where r.left_out = ''
    union all
    select t.reading, t.missing, t.earlier, r.measure, r.period, r.value, r.left_out
    from tried as t
    join reading_result as r using (reading)
    where t.missing
      and r.left_out <> ''
    union all
    select t.reading, t.missing, t.earlier, a.measure, a.period, 0, a.period
    from tried as t
    cross join asked as a
    where t.missing
      and a.long = 10
    union all
    select t.reading, t.missing, t.earlier, a.measure, a.period, i.value, 'revision ' || i.revision
    from tried as t
    cross join asked as a
    join _data.issued_file as i on i.region = $region
        and regexp_replace(i.measure, '^(daily|monthly)_', '') = a.measure
        and i.period = a.period
    where t.earlier
),
given as (
    select t.reading, t.missing, t.earlier, t.size, a.measure, a.long, a.period, a.is_ours, a.theirs,
           bool_or(o.value = a.theirs) as gives,
           coalesce(min(o.how) filter (where o.value = a.theirs), '') as how,
           count(*) filter (where o.value = a.theirs) as ways,
           arg_min(o.value, abs(o.value - a.theirs)) as nearest
    from asked as a
    join option as o using (measure, period)
    join tried as t using (reading, missing, earlier)
    group by all
),
fit as (
    select reading, missing, earlier, size, measure, long,
           count(*) filter (where gives and not is_ours) as explains,
           count(*) filter (where not is_ours) as differing,
           count(*) filter (where not gives and is_ours) as spoils,
           count(*) filter (where is_ours) as equal,
           bool_and(gives) as is_all,
           string_agg(period, ',' order by period) filter (where gives and not is_ours) as periods,
           string_agg(how, ',' order by period) filter (where gives and not is_ours) as hows,
           max(ways) filter (where not is_ours) as ways
    from given
    group by reading, missing, earlier, size, measure, long
),
of_region as (
    select *,
           sum(explains - spoils) over (partition by reading, missing, earlier) as in_region,
           bool_and(is_all) over (partition by reading, missing, earlier) as is_all_of_region,
           bool_or(is_all) over (partition by measure, long) as has_all,
           min(size) filter (where is_all) over (partition by measure, long) as smallest
    from fit
),
whole as (
    select min(size) as smallest_whole
    from of_region
    where is_all_of_region
),
open as ( -- periods that no single reading gives
    select measure, long, period
    from given
    where not is_ours
    group by all
    having not coalesce(bool_or(gives) filter (where size = 1), false)
),
nearest as (
    select g.*,
           row_number() over (
               partition by g.measure, g.long, g.period
               order by abs(g.nearest - g.theirs), g.size, g.reading, g.missing, g.earlier
           ) as place,
           count(*) over (partition by g.measure, g.long, g.period, abs(g.nearest - g.theirs), g.size) as ties
    from given as g
    semi join (
        select measure, long, period
        from given
        where not is_ours
        group by all
        having not bool_or(gives)
    ) as n using (measure, long, period)
)
select measure, long,
       case when is_all then 'gives all' else 'gives some' end as verdict,
       reading, missing, earlier, explains, differing, spoils, equal, coalesce(periods, '') as periods, coalesce(hows, '') as hows, coalesce(ways, 0) as ways,
       is_all_of_region,
       size,
       in_region
from of_region as f
cross join whole
where differing > 0
  and case when has_all then is_all and (size = smallest or is_all_of_region and size = smallest_whole)
      else explains > 0 and (
          size = 1 or exists (
              from open as o
              where o.measure = f.measure
                and o.long = f.long
                and contains(f.periods, o.period)
          )
      )
      end
union all
select measure, long, 'nearest', reading, missing, earlier, 0, 1, 0, 0, period, nearest::varchar, ties, false, size, 0
from nearest
where place = 1
order by long, measure, verdict, is_all_of_region desc, in_region desc, explains desc, spoils, size, ways, reading, missing, earlier
