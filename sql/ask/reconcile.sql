-- name: their_row
-- Grain: row of their files, or one number typed, as it is understood: region x measure x period of a tenant, and the value; where the
-- same stands in several files, that of the newest by the time stamp in the name (a revision's comes after). problem says what is wrong
-- with the row of a line, newer names the file that has a number which this row's file has too. Without a measure, days
-- have the most at once and months the enabled agents, as the specification has it. The region may stand in the name alone, and in place
-- of the tenant her account. Of a file with a row for each business unit the number is their sum.
-- Inputs: $rows, $tenants (those it may be of), as JSON.
with tenant as (
    select unnest(t)
    from (select unnest(from_json_strict($tenants, '[{"tenant": "VARCHAR", "account": "VARCHAR", "regions": ["VARCHAR"]}]')) as t)
),
of_account as (
    select account,
           any_value(tenant) as tenant
    from tenant
    where account <> ''
    group by account
    having count(*) = 1
),
written as (
    select unnest(r)
    from (
        select unnest(from_json($rows, '[{
            "line": "VARCHAR", "path": "VARCHAR", "TenantID": "VARCHAR", "Region": "VARCHAR", "MetricName": "VARCHAR",
            "Period": "VARCHAR", "AgentGroupName": "VARCHAR", "MessageSize": "VARCHAR", "BusinessUnitName": "VARCHAR",
            "Tier3AccountID": "VARCHAR"
        }]')) as r
    )
),
named as (
    select *,
           regexp_extract(path, '[^/]*$') as file,
           regexp_extract(file, '(?i)_([0-9]{6,14})Z?(?:_R([0-9]+))?\.csv$', ['made', 'revision']) as stamp
    from written
),
understood as (
    select w.line,
           w.path,
           rpad(stamp.made, 14, '0') || lpad(stamp.revision, 4, '0') as stamp,
           coalesce(n.tenant, a.tenant, nullif(w.TenantID, ''), (select any_value(tenant) from tenant having count(*) = 1)) as tenant,
           coalesce(nullif(w.Region, ''), nullif(regexp_extract(file, '(?i)^CNT_(.+?)_PES_', 1), ''), '') as region,
           case
               when regexp_full_match(w.Period, '[0-9]{4}-?[0-9]{2}') then strftime(try_strptime(replace(w.Period, '-', '') || '01', '%Y%m%d'), '%Y-%m')
               when regexp_full_match(w.Period, '[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}') then strftime(try_strptime(replace(w.Period, '-', ''), '%Y%m%d'), '%Y-%m-%d')
           end as period,
           case regexp_replace(lower(coalesce(w.AgentGroupName, '')), case length(period) when 7 then '^monthly_' else '^daily_' end, '')
               when '1' then 'concurrent'
               when 'concurrent' then 'concurrent'
               when '2' then 'enabled'
               when 'enabled' then 'enabled'
               when '' then case length(period) when 7 then 'enabled' else 'concurrent' end
           end as measure,
           case when regexp_full_match(w.MessageSize, '[0-9]+') then try_cast(w.MessageSize as bigint) end as value,
           [w.BusinessUnitName, w.Tier3AccountID] as unit,
           w.Period as said_period,
           w.AgentGroupName as said_measure,
           w.MessageSize as said_value,
           w.MetricName as metric
    from named as w
    left join tenant as n on n.tenant = w.TenantID
    left join of_account as a on a.account = w.TenantID
),
first_of_unit as (
    select *,
           row_number() over same_unit = 1 as is_first,
           min(value) over same_unit <> max(value) over same_unit as is_twice
    from understood
    window same_unit as (partition by path, tenant, region, measure, period, unit)
),
summed as (
    select *,
           try_cast(sum(value) filter (where is_first) over (partition by path, tenant, region, measure, period) as bigint) as total
    from first_of_unit
),
judged as (
    select u.*,
           max(u.stamp) over same as newest,
           case
               when lower(metric) <> 'seats_outbound' then 'the metric is "' || metric || '", not seats_outbound'
               when u.tenant is null then 'it does not say of which tenant: give --tenant'
               when t.tenant is null then 'tenant "' || u.tenant || '" is not asked for: ' || (select string_agg(tenant, ', ' order by tenant) from tenant)
               when not list_contains(t.regions, u.region) then
                   'tenant ' || u.tenant || ' has no region "' || u.region || '": ' || array_to_string(list_sort(t.regions), ', ')
               when period is null then 'period "' || said_period || '": want a day as 2026-03-10 or 20260310, or a month as 2026-03'
               when measure is null then 'measure "' || said_measure || '" of ' || period || ': want concurrent (1) or enabled (2)'
               when value is null or total is null then '"' || said_value || '" is no number of agents'
               when u.stamp = max(u.stamp) over same and (is_twice or min(total) over stamped <> max(total) over stamped) then
                   measure || ' of ' || u.region || ' in ' || period || ' is ' || if(is_twice, value, total) || ' here and another number in a row that is as new by its file''s name'
           end as problem
    from summed as u
    left join tenant as t on t.tenant = u.tenant
    window same as (partition by u.tenant, u.region, u.measure, u.period),
           stamped as (partition by u.tenant, u.region, u.measure, u.period, u.stamp)
)
select distinct coalesce(j.problem, '') as problem,
                case when j.problem is not null then j.line else '' end as line,
                coalesce(j.tenant, '') as tenant,
                j.region,
                coalesce(j.measure, '') as measure,
                coalesce(j.period, '') as period,
                coalesce(j.total, 0) as value,
                case when j.stamp < j.newest then j.path else '' end as older
from judged as j
order by problem = '', contains(problem, ' and another number '), line, tenant, j.region, measure, period, older

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
-- Grain: region x measure x period that is stored, and by the newest data file issued: of a day, or of a month that was counted,
-- whose most at once is that of its days.
-- Inputs: _data.daily_concurrent, enabled_daily, monthly_enabled, issued_file.
create or replace temp table our_number as
with stored as (
    select region, 'concurrent' as measure, day::varchar as period, agents as value
    from _data.daily_concurrent
    where location is null
    union all
    select d.region, 'concurrent', m.month, max(d.agents)
    from _data.daily_concurrent as d
    join _data.monthly_enabled as m on m.region = d.region
        and m.month = strftime(d.day, '%Y-%m')
    where d.location is null
    group by d.region, m.month
    union all
    select region, 'enabled', day::varchar, agents
    from _data.enabled_daily
    union all
    select region, 'enabled', month, agents
    from _data.monthly_enabled
),
issued as (
    select region, measure, period,
           arg_max(value, revision) as issued
    from _data.issued_file
    group by region, measure, period
)
select region, measure, period, value, issued
from stored
left join issued using (region, measure, period)

-- name: reconciled
-- Grain: region x measure x period: theirs, ours as stored, and as issued. What they lack is there within the span of what they have.
-- Inputs: their_number, our_number.
create or replace temp table reconciled as
with span as (
    select region, measure, length(period) as long,
           min(period) as first_period,
           max(period) as last_period
    from their_number
    group by all
)
select region, measure, period, s.long,
       t.value as theirs,
       o.value as ours,
       o.issued,
       theirs is distinct from ours as differs
from their_number as t
full join our_number as o using (region, measure, period)
join span as s using (region, measure)
where s.long = length(period)
  and period between s.first_period and s.last_period

-- name: found
-- Grain: set of readings that is shown, as finding has it; turn is its place among those of its region.
create or replace temp table found (
    region           varchar not null,
    turn             bigint not null,
    measure          varchar not null,
    long             bigint not null,
    verdict          varchar not null,
    readings         varchar not null,
    explains         varchar not null,
    spoils           varchar not null,
    periods          varchar not null,
    how              varchar not null,
    is_all_of_region boolean not null,
    meaning          varchar not null,
    each_period      varchar not null,
    each_month       varchar not null,
    reading          integer not null,
    missing          boolean not null,
    earlier          boolean not null
)

-- name: differing_month
-- Grain: region that has a number of both that differs, and month of its numbers. Input: reconciled.
select distinct region,
                period[:7] as month
from reconciled
where region in (select region from reconciled where theirs <> ours)
order by region, month

-- name: wants_pairs
-- One row: whether of some measure no set gives all numbers, nor its months, or none gives all of the region's numbers of the months in
-- which one differs. Input: reading_given.
with fit as (
    select reading, missing, earlier, measure, long,
           bool_and(gives) or bool_or(gives_months) as is_enough
    from reading_given
    group by reading, missing, earlier, measure, long
),
series as (
    select bool_or(is_enough) as has_enough
    from fit
    group by measure, long
)
select not coalesce((select bool_and(has_enough) from series) and (select bool_or(gives_region) from reading_given), true)

-- name: reading_given
-- Grain: set of readings x number of theirs that can be tried: whether the set gives it, how, and in how many ways; else the nearest
-- that it gives. Two more readings need no count: that a day is missing (of a day: nobody at all; of a month: what it is without one
-- of its days), and that a number is an earlier revision's. What is not missing, or has no earlier revision, is as the rest
-- of the set has it. month_differs: some number of the measure differs in that month. gives_region: the set
-- gives all of the region's numbers of the months in which one differs, of any measure; gives_months: all those of the measure, of which
-- there are several a month, or all of the region's, where there are several of some measure: one number fits many. Inputs: reading_kind, reading_result, their_number, our_number, _data.issued_file; $region.
create or replace temp table reading_given as
with comparable as (
    select t.measure,
           t.period,
           length(t.period) as long,
           t.period[:7] as month,
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
told as (
    select *,
           bool_or(not is_ours) over (partition by measure, long, month) as month_differs,
           bool_or(not is_ours) over (partition by month) as region_differs
    from comparable
),
asked as (
    select *,
           count(*) filter (where month_differs) over series > count(distinct month) filter (where month_differs) over series as several,
           count(*) filter (where region_differs) over () >
               count(distinct (measure, long, month)) filter (where region_differs) over () as region_several
    from told
    window series as (partition by measure, long)
),
tried as (
    select r.reading,
           r.size + a.more as size,
           a.missing,
           a.earlier
    from (select distinct reading, size from reading_result) as r
    cross join (values (false, false, 0), (true, false, 1), (false, true, 1)) as a (missing, earlier, more)
    where r.size + a.more <= 2
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
        and i.measure = a.measure
        and i.period = a.period
    where t.earlier
),
given as (
    select t.reading, t.missing, t.earlier, t.size, a.measure, a.long, a.period, a.month, a.is_ours, a.theirs,
           a.month_differs, a.region_differs, a.several, a.region_several,
           bool_or(o.value = a.theirs) as gives,
           coalesce(min(o.how) filter (where o.value = a.theirs), '') as how,
           count(*) filter (where o.value = a.theirs) as ways,
           arg_min(o.value, abs(o.value - a.theirs)) as nearest
    from asked as a
    join option as o using (measure, period)
    join tried as t using (reading, missing, earlier)
    group by all
)
select * exclude (region_differs, several, region_several),
       bool_and(gives or not region_differs) over (partition by reading, missing, earlier) as gives_region,
       several and bool_and(gives or not month_differs) over (partition by reading, missing, earlier, measure, long)
           or region_several and gives_region as gives_months
from given

-- name: finding
-- Grain: set of readings that gives some of their numbers of a measure, days or months, where these differ from ours; or that comes
-- nearest to one that none gives. periods are spelled as runs, and of a month of which it gives every number (of several), also those
-- that are ours, as the month, but where it gives all of them; how names the days without which, or the revisions, and how many
-- others would do; of the nearest it is what it gives.
-- Where a set gives all, all of their numbers of the measure are the set's, also those that are ours: none is spoiled. Where it gives
-- its months, so are all of the months in which one differs: another counter's configuration changes by the month. Shown are of these
-- the smallest, and the smallest that give all of the region's numbers (of the months in which one differs), of every measure; a
-- larger set that gives all does not hide one that gives its months. Where there is none, each that gives a number: pairs only
-- for what no single reading gives; and nearest ones.
-- Output: found. Inputs: reading_given, reading_kind; $region.
insert into found
with of_month as (
    select *,
           bool_and(gives) over (partition by reading, missing, earlier, measure, long) as is_all,
           bool_and(gives) over month as is_month,
           count(*) over month > 1 as is_several
    from reading_given
    window month as (partition by reading, missing, earlier, measure, long, month)
),
island as (
    select *,
           is_month and is_several and not is_all as as_month,
           case
               when as_month then month
               when long = 10 then (period::date - row_number() over (
                   partition by reading, missing, earlier, measure, long, as_month
                   order by period
               )::integer)::varchar
               else period
           end as run
    from of_month
    where gives
      and not is_ours
),
run as (
    select reading, missing, earlier, measure, long,
           case when bool_or(as_month) then min(month) else min(period) end as first_period,
           case when bool_or(as_month) then min(month) else max(period) end as last_period
    from island
    group by reading, missing, earlier, measure, long, run
),
spelled as (
    select reading, missing, earlier, measure, long,
           string_agg(first_period || case when last_period <> first_period then '..' || last_period else '' end, ', ' order by first_period) as periods
    from run
    group by reading, missing, earlier, measure, long
),
fit as (
    select reading, missing, earlier, size, measure, long,
           count(*) filter (where gives and not is_ours) as explains,
           count(*) filter (where not is_ours) as differing,
           count(*) filter (where not gives and is_ours) as spoils,
           count(*) filter (where is_ours) as equal,
           bool_and(gives) as is_all,
           bool_or(gives_months) as is_months,
           bool_or(gives_region) as is_months_of_region,
           coalesce(string_agg(period, ',' order by period) filter (where gives and not is_ours), '') as each_period,
           coalesce(string_agg(distinct month, ',' order by month) filter (where is_month and month_differs), '') as each_month,
           string_agg(distinct nullif(how, ''), ', ' order by nullif(how, '')) filter (where gives and not is_ours) as hows,
           max(ways) filter (where gives and not is_ours) as ways
    from of_month
    group by reading, missing, earlier, size, measure, long
),
of_region as (
    select *,
           sum(explains - spoils) over (partition by reading, missing, earlier) as in_region,
           bool_and(is_all) over (partition by reading, missing, earlier) as is_all_of_region,
           bool_or(is_all or is_months) over (partition by measure, long) as has_months,
           min(size) filter (where is_all) over (partition by measure, long) as smallest,
           min(size) filter (where is_months) over (partition by measure, long) as smallest_months
    from fit
),
whole as (
    select min(size) filter (where is_all_of_region) as smallest_whole,
           min(size) filter (where is_months_of_region) as smallest_whole_months
    from of_region
),
open as ( -- periods that no single reading gives
    select measure, long, period
    from reading_given
    where not is_ours
    group by all
    having not coalesce(bool_or(gives) filter (where size = 1), false)
),
near as (
    select g.*,
           row_number() over (
               partition by g.measure, g.long, g.period
               order by abs(g.nearest - g.theirs), g.size, g.reading, g.missing, g.earlier
           ) as place,
           count(*) over (partition by g.measure, g.long, g.period, abs(g.nearest - g.theirs), g.size) as ties
    from reading_given as g
    semi join (
        select measure, long, period
        from reading_given
        where not is_ours
        group by all
        having not bool_or(gives)
    ) as n using (measure, long, period)
),
shown as (
    select f.measure, f.long, f.reading, f.missing, f.earlier,
           case when f.is_all then 'gives all' when f.is_months then 'gives its months' else 'gives some' end as verdict,
           f.explains, f.differing, f.spoils, f.equal, f.each_period, f.each_month,
           coalesce(s.periods, '') as periods,
           coalesce(f.hows || case when f.ways > 1 then ' (or ' || (f.ways - 1) || ' others)' else '' end, '') as how,
           case when f.is_all then f.is_all_of_region else f.is_months and f.is_months_of_region end as is_all_of_region,
           f.size,
           f.in_region
    from of_region as f
    cross join whole
    left join spelled as s using (reading, missing, earlier, measure, long)
    where f.differing > 0
      and case
          when f.is_all then f.size = f.smallest or f.is_all_of_region and f.size = smallest_whole
          when f.is_months then (f.size = f.smallest_months or f.is_months_of_region and f.size = smallest_whole_months)
              and f.size < coalesce(f.smallest, f.size + 1)
          when f.has_months then false
          else f.explains > 0 and (
              f.size = 1 or exists (
                  from open as o
                  where o.measure = f.measure
                    and o.long = f.long
                    and contains(f.each_period, o.period)
              )
          )
          end
    union all
    select measure, long, reading, missing, earlier,
           'nearest', 0, 1, 0, 0, period, '', period,
           nearest || ' for ' || theirs || case when ties > 1 then ' (or ' || (ties - 1) || ' others)' else '' end,
           false, size, 0
    from near
    where place = 1
)
select $region,
       row_number() over (
           order by f.long, f.measure, f.is_all_of_region desc, f.verdict, f.in_region desc, f.explains desc, f.spoils, f.size,
                    f.reading, f.missing, f.earlier, f.periods
       ),
       f.measure,
       f.long,
       f.verdict,
       concat_ws(' + ', case when f.reading > 0 or f.size = 0 then k.name end, case when f.missing then 'a day missing' end,
                 case when f.earlier then 'an earlier revision' end),
       f.explains || ' of ' || f.differing,
       f.spoils || ' of ' || f.equal,
       f.periods,
       f.how,
       f.is_all_of_region,
       concat_ws('; ', case when f.reading > 0 or f.size = 0 then k.meaning end, case when f.missing then 'they had no rows of a day' end,
                 case when f.earlier then 'as it was issued before' end),
       f.each_period,
       f.each_month,
       f.reading,
       f.missing,
       f.earlier
from shown as f
join reading_kind as k using (reading)

-- name: difference_wanted
-- Grain: the first set of readings of a measure, of days or months, that gives something, with what is billed; the day without which
-- it does, or ''; and the periods that differ and are given so, by commas. Inputs: found, reading_given; $region.
select '[-1, ' || f.reading || ']' as readings,
       case when f.missing then g.how else '' end as without_day,
       f.turn,
       string_agg(g.period, ',' order by g.period)
from found as f
join reading_given as g using (reading, missing, earlier, measure, long)
where f.region = $region
  and f.turn in (select min(turn) from found where region = $region group by measure, long)
  and f.verdict <> 'nearest'
  and not f.earlier
  and g.gives
  and not g.is_ours
group by f.reading, without_day, f.turn
order by f.turn, without_day

-- name: reconciled_list
-- Grain: as reconciled, with the first set of readings that gives a number which differs, and how many others do. Inputs: reconciled,
-- found; $tenant.
select $tenant as tenant, r.region, r.measure, r.period, r.theirs, r.ours,
       r.theirs - r.ours as difference,
       r.issued,
       coalesce(arg_min(f.readings, f.turn) || case when count(f.turn) > 1 then ' (or ' || (count(f.turn) - 1) || ' others)' else '' end, '') as readings
from reconciled as r
left join found as f on f.region = r.region
    and f.measure = r.measure
    and f.long = r.long
    and f.verdict <> 'nearest'
    and contains(f.each_period, r.period)
group by r.region, r.measure, r.long, r.period, r.theirs, r.ours, r.issued
order by r.region, r.long, r.measure, r.period

-- name: month_list
-- Grain: region x measure x kind of period x month: how many numbers there are of either side, with the first set of readings that
-- gives every number of the month where some differ, and how many others do. Inputs: reconciled, found; $tenant.
with given as (
    select r.region, r.measure, r.long, r.period[:7] as month, f.turn,
           any_value(f.readings) as readings
    from reconciled as r
    join found as f using (region, measure, long)
    where r.theirs <> r.ours
      and contains(f.each_month, month)
    group by r.region, r.measure, r.long, month, f.turn
    having bool_and(contains(f.each_period, r.period)) -- one that cannot be tried is not given
),
first_given as (
    select region, measure, long, month,
           arg_min(readings, turn) || case when count(*) > 1 then ' (or ' || (count(*) - 1) || ' others)' else '' end as readings
    from given
    group by region, measure, long, month
)
select $tenant as tenant, r.region, r.measure,
       case r.long when 7 then 'month' else 'day' end as of,
       r.period[:7] as month,
       count(*) as numbers,
       count(*) filter (where not r.differs) as equal,
       count(*) filter (where r.theirs <> r.ours) as differing,
       count(*) filter (where r.theirs is null) as theirs_missing,
       count(*) filter (where r.ours is null) as ours_missing,
       coalesce(any_value(g.readings), '') as readings
from reconciled as r
left join first_given as g on g.region = r.region
    and g.measure = r.measure
    and g.long = r.long
    and g.month = r.period[:7]
group by r.region, r.measure, r.long, r.period[:7]
order by r.region, r.long, r.measure, month

-- name: found_list
-- Grain: as found. Inputs: found; $tenant.
select $tenant as tenant, region, measure,
       case long when 7 then 'month' else 'day' end as of,
       verdict, readings, explains, spoils, periods, how,
       is_all_of_region as all_of_region,
       meaning
from found
order by region, turn

-- name: difference_list
-- Grain: as reading_difference. Inputs: difference, found; $tenant.
select $tenant as tenant, region, f.measure, d.period, f.readings, d.side, d.agent, d.sm_res_session_fact_key, d.start_date_time_key,
       d.login, d.logout
from difference as d
join found as f using (region, turn)
order by region, turn, d.period, d.side desc, d.agent, d.login, d.sm_res_session_fact_key
