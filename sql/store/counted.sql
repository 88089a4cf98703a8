-- name: counted
-- Grain: region and day, or month, of which numbers were counted, with the state of the files that say so: '' where one that is issued
-- has none, or the one that stands says another number; final where each is, and where no measure of the period is issued. For a run that
-- catches up. Inputs: _data.daily_concurrent, enabled_daily, monthly_concurrent, monthly_enabled, issued_file; $measures.
with counted as (
    select region, 'concurrent' as measure, day::varchar as period, agents
    from _data.daily_concurrent
    where location is null
    union all
    select region, 'enabled', day::varchar, agents
    from _data.enabled_daily
    union all
    select region, 'concurrent', month, agents
    from _data.monthly_concurrent
    union all
    select region, 'enabled', month, agents
    from _data.monthly_enabled
),
standing as (
    select region, measure, period, arg_max(state, revision) as state, arg_max(value, revision) as agents
    from _data.issued_file
    group by region, measure, period
)
select c.period,
       c.region,
       case
           when bool_or(s.state is null) filter (is_issued) then ''
           when bool_or(s.state <> 'final') filter (is_issued) then 'provisional'
           else 'final'
       end as issued
from (
    select *,
           if(length(period) = 7, 'monthly_', 'daily_') || measure in (select unnest($measures::varchar[])) as is_issued
    from counted
) as c
left join standing as s on s.region = c.region
    and s.measure = c.measure
    and s.period = c.period
    and s.agents = c.agents
group by c.period,
         c.region
order by c.period,
         c.region

-- name: uncounted
-- Grain: day whose slice is another than the one it was counted from, by its rows or its as_of (R10), or that was never counted. For a run
-- that catches up.
-- Inputs: _data.slice, _data.computation.
select s.day::varchar
from _data.slice as s
left join _data.computation as c on c.day = s.day
where c.slice_sha256 is distinct from s.sha256
   or c.as_of is distinct from s.as_of
order by s.day

-- name: owed
-- Grain: the first number for which the rows of a month are needed still. One that is not counted comes first, without agents: of a region and
-- a day that the store holds a slice of, or the month. Then one that is not issued, as it was counted, as final, of a measure that is, unless
-- nobody was there in a region that is switched off. A region whose last day came before has none to come; a month is compared by its name,
-- which comes before its days'. Inputs: _data.slice, _data.daily_concurrent, enabled_daily, monthly_concurrent, monthly_enabled,
-- issued_file; $month, $regions (JSON), $measures.
with region as (
    select unnest(from_json($regions, '[{"region": "VARCHAR", "until": "VARCHAR", "disabled": "BOOLEAN"}]'), recursive := true)
),
counted as (
    select region, 'concurrent' as measure, day::varchar as period, agents
    from _data.daily_concurrent
    where location is null
      and strftime(day, '%Y-%m') = $month
    union all
    select region, 'enabled', day::varchar, agents
    from _data.enabled_daily
    where strftime(day, '%Y-%m') = $month
    union all
    select region, 'concurrent', month, agents
    from _data.monthly_concurrent
    where month = $month
    union all
    select region, 'enabled', month, agents
    from _data.monthly_enabled
    where month = $month
),
wanted as (
    select r.region,
           s.day::varchar as period
    from region as r
    cross join _data.slice as s
    where strftime(s.day, '%Y-%m') = $month
    union all
    select region,
           $month
    from region
),
standing as (
    select region, measure, period, arg_max(state, revision) as state, arg_max(value, revision) as agents
    from _data.issued_file
    group by region, measure, period
),
owed as (
    select region,
           period,
           null as agents
    from wanted
    anti join counted using (region, period)
    union all
    select c.region,
           c.period,
           c.agents
    from counted as c
    left join standing as s on s.region = c.region
        and s.measure = c.measure
        and s.period = c.period
        and s.agents = c.agents
    left join region as r on r.region = c.region
    where s.state is distinct from 'final'
      and (c.agents > 0 or not r.disabled)
      and if(length(c.period) = 7, 'monthly_', 'daily_') || c.measure in (select unnest($measures::varchar[]))
)
select o.region,
       o.period,
       o.agents
from owed as o
left join region as r on r.region = o.region
where coalesce(r.until, '') = ''
   or r.until >= o.period
order by o.agents is not null,
         o.period,
         o.region
limit 1

-- name: refused
-- Grain: day of a range, both ends included, of which the store has another number of a region than the one that is issued and
-- stands (R13), and whether all such that are issued of it are provisional. Inputs: _data.daily_concurrent, enabled_daily, issued_file;
-- $from, $to.
with standing as (
    select region,
           measure,
           period,
           arg_max(value, revision) as agents,
           arg_max(state, revision) as state
    from _data.issued_file
    where length(period) = 10
      and period between $from and $to
    group by region,
             measure,
             period
),
number as (
    select day, region, 'concurrent' as measure, agents
    from _data.daily_concurrent
    where location is null
    union all
    select day, region, 'enabled', agents
    from _data.enabled_daily
)
select n.day::varchar as day,
       bool_and(s.state = 'provisional') as is_provisional
from standing as s
join number as n on n.day::varchar = s.period
    and n.region = s.region
    and n.measure = s.measure
where n.agents <> s.agents
group by n.day
order by n.day

-- name: moved
-- Grain: number of $day that stands as it is issued, and is another by today's counting rules: what is to be said of it. Input: $today,
-- what these give, by measure and region, as JSON.
with standing as (
    select region,
           measure,
           arg_max(value, revision) as value
    from _data.issued_file
    where period = $day
    group by region,
             measure
),
computed as (
    select *,
           json_extract_string($today, format('$."{}"."{}"', measure, region))::bigint as today,
           if(measure = 'enabled', ' enabled', '') as what
    from standing
)
select case
           when today is null then format('{} was issued with {}{} and is no region any more', region, value, what)
           else format('{} was issued with {}{}, today''s rules give {}', region, value, what, today)
       end
from computed
where value is distinct from today
order by region, measure

-- name: counted_by
-- One row: whether any day was counted by the given rules. Input: _data.computation; $rules_sha256.
select exists (
    from _data.computation
    where rules_sha256 = $rules_sha256
)

-- name: recall_rules
-- Files that an older version issued name their counting rules, where these are still known. Inputs: _data.counting_rules; $said (JSON:
-- files with the rules that their manifests name).
update _data.issued_file as i
set rules_sha256 = r.sha256
from (
    select unnest(from_json($said, '[{"file": "VARCHAR", "rules_sha256": "VARCHAR"}]')) as one
) as s
join _data.counting_rules as r on r.sha256 = s.one.rules_sha256
where i.file = s.one.file
  and i.rules_sha256 is null
