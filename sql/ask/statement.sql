-- name: statement_month
-- Grain: region of a tenant's month, as configured or counted, as a statement for people has it: its highest second, what was issued
-- as the highest daily number, what is agreed on, its enabled agents (R9) and whether the file that stands says what the store does.
-- Days after a region's last are none of it. Headers are for people. Inputs: _data.daily_concurrent, monthly_enabled, issued_file; $month,
-- $regions with $zones, $until (the last day; '': none) and $committed (0: not said), $elsewhere (the zone of regions that are not
-- configured any more).
with region as (
    select unnest($regions::varchar[]) as region,
           unnest($zones::varchar[]) as zone,
           nullif(unnest($until::varchar[]), '')::date as until,
           nullif(unnest($committed::bigint[]), 0) as committed
),
day as (
    select day,
           region,
           agents,
           peak_ts,
           peak_seconds,
           max(agents) over (partition by region) as highest
    from _data.daily_concurrent
    left join region as r using (region)
    where location is null
      and strftime(day, '%Y-%m') = $month
      and day <= coalesce(r.until, day)
),
top as (
    select d.region,
           count(*) as days,
           any_value(d.highest) as agents,
           min(d.peak_ts) filter (where d.agents = d.highest) as first_ts,
           sum(d.peak_seconds) filter (where d.agents = d.highest)::bigint as seconds,
           count(*) filter (where d.agents = d.highest and d.agents > 0) as days_at,
           count(*) filter (where d.agents > r.committed) as days_above
    from day as d
    left join region as r using (region)
    group by d.region
),
issued as (
    select *
    from _data.issued_file
    qualify revision = max(revision) over (partition by region, measure, period)
),
paid as (
    select region,
           max(value) as value
    from issued
    where measure = 'concurrent'
      and starts_with(period, $month || '-')
    group by region
)
select coalesce(r.region, t.region) as "Region",
       $month as "Period",
       coalesce(m.state, 'provisional') as "State",
       coalesce(t.days, 0) as "Days counted",
       t.agents as "Highest second",
       to_timestamp(t.first_ts) as "Reached first",
       t.seconds as "Seconds at it",
       t.days_at as "Days that reach it",
       p.value as "Highest daily issued",
       r.committed as "Committed",
       if(t.agents - r.committed is null, null, greatest(t.agents - r.committed, 0)) as "Above committed",
       if(r.committed is null, null, t.days_above) as "Days above committed",
       m.agents as "Enabled agents",
       i.revision as "Revision of enabled",
       case
           when i.value is null then 'not issued'
           when m.agents is null then 'not in the store'
           when i.value = m.agents then 'the same'
           else 'issued ' || i.value
       end as "Issued file and store",
       coalesce(r.zone, $elsewhere) as "Time zone"
from region as r
full join top as t on t.region = r.region
left join _data.monthly_enabled as m on m.region = coalesce(r.region, t.region)
    and m.month = $month
left join paid as p on p.region = coalesce(r.region, t.region)
left join issued as i on i.region = coalesce(r.region, t.region)
    and i.measure = 'enabled'
    and i.period = $month
order by coalesce(r.region, t.region)

-- name: statement_day
-- Grain: day of the month x region, up to its last day, region by region: the highest second of the day (R8) and the file that stands.
-- Inputs: _data.daily_concurrent, issued_file; $month, $regions with $zones, $until and $committed, $elsewhere: as statement_month has them.
with counted as (
    select *
    from _data.daily_concurrent
    where location is null
      and strftime(day, '%Y-%m') = $month
),
configured as (
    select unnest($regions::varchar[]) as region,
           unnest($zones::varchar[]) as zone,
           nullif(unnest($until::varchar[]), '')::date as until,
           nullif(unnest($committed::bigint[]), 0) as committed
),
region as (
    select region,
           coalesce(c.zone, $elsewhere) as zone,
           c.until,
           c.committed
    from configured as c
    full join (select distinct region from counted) using (region)
),
calendar as (
    select unnest(generate_series(strptime($month, '%Y-%m')::date, last_day(strptime($month, '%Y-%m')::date), interval 1 day))::date as day
),
issued as (
    select *
    from _data.issued_file
    where measure = 'concurrent'
    qualify revision = max(revision) over (partition by region, period)
)
select r.region as "Region",
       c.day as "Day",
       d.agents as "Highest second",
       to_timestamp(d.peak_ts) as "Reached first",
       d.peak_seconds as "Seconds at it",
       r.committed as "Committed",
       if(d.agents - r.committed is null, null, greatest(d.agents - r.committed, 0)) as "Above committed",
       coalesce(d.state, 'not counted') as "State",
       i.revision as "Revision",
       i.value as "Issued",
       case
           when i.value is null then 'not issued'
           when d.agents is null then 'not in the store'
           when i.value = d.agents then 'the same'
           else 'they differ'
       end as "Issued file and store",
       r.zone as "Time zone"
from region as r
cross join calendar as c
left join counted as d on d.region = r.region
    and d.day = c.day
left join issued as i on i.region = r.region
    and i.period = c.day::varchar
where c.day <= coalesce(r.until, c.day)
order by r.region, c.day

-- name: statement_quality
-- Grain: data-quality rule (R11) that was asked of the month, what found most first. Inputs: _data.data_quality; $month.
with meaning (rule, meaning) as (
    values ('agent_without_employee_id', 'agents with a session who are counted by their resource key'),
           ('common_guid', 'attempt GUIDs that seem to stand for none: on legs of more than 5 agents, or the mapping''s default'),
           ('cut_off_session', 'sessions longer than max_session_hours: days that begin so long after the login do not see them'),
           ('damaged_name', 'names with bytes that mean nothing'),
           ('duplicate_key', 'keys that the source has twice'),
           ('excluded_agent', 'agents with a session whom exclude_agents leaves out'),
           ('long_session', 'sessions of more than 24 hours'),
           ('open_activity', 'activities without an end'),
           ('open_session', 'sessions that were open when the source was read'),
           ('orphan_activity', 'activities in no session of their agent'),
           ('other_key_activity', 'activities in a session of their agent under another resource key alone'),
           ('overlapping_sessions', 'sessions that share a second with an earlier one of their agent'),
           ('rejected_activity', 'activities without a start, or with an end before it'),
           ('rejected_session', 'sessions without a start, or with an end before it'),
           ('several_regions', 'sessions that count in more than one region'),
           ('unknown_switch', 'sessions whose switch nobody knows: they count in the default location'),
           ('unmapped_switch', 'sessions whose switch has no location to go to: no number is issued')
)
select q.rule as "Rule",
       sum(q.occurrences)::bigint as "Found",
       count(*) filter (where q.occurrences > 0) as "Days with it",
       count(*) as "Days looked at",
       if(bool_or(q.blocking and q.occurrences > 0), 'yes', 'no') as "Keeps back numbers",
       any_value(m.meaning) as "What it finds"
from _data.data_quality as q
left join meaning as m using (rule)
where strftime(q.day, '%Y-%m') = $month
group by q.rule
order by sum(q.occurrences) desc, q.rule

-- name: statement_revision
-- Grain: file of the month, or of a day of it, that superseded another, chain by chain. Inputs: _data.issued_file; $month, $masked
-- (whether reasons are left out: they may name an agent).
with chain as (
    select *,
           lag(value) over (partition by region, measure, period order by revision) as before,
           revision = max(revision) over (partition by region, measure, period) as stands
    from _data.issued_file
    where starts_with(period, $month)
)
select region as "Region",
       period as "Period",
       if(period = $month, 'monthly_', 'daily_') || measure as "Measure",
       revision as "Revision",
       before as "Number before",
       value as "Number",
       if(stands, 'yes', 'no') as "Stands",
       make_timestamp(issued_ts * 1000000) as "Issued at (UTC)",
       if($masked, '(left out: it may name an agent)', coalesce(reason, '')) as "Reason",
       file as "File",
       coalesce(supersedes, '') as "Supersedes"
from chain
where revision > 1
order by region, period, measure, revision

-- name: statement_contract
-- Grain: contract of a region, with what it says of the month. Input: contract_months; $month.
select region as "Region",
       contract as "Contract",
       aggregate as "Aggregate",
       parameter as "Days or seconds",
       quantity::double as "Quantity",
       committed as "Committed",
       overage::double as "Above committed",
       days_above as "Days above committed",
       days_counted as "Days counted",
       state as "State"
from contract_months(null, $month, $month)
order by region, contract

-- name: statement_file
-- Grain: file of the month, or of a day of it, that stands, with the number that the store has of it now.
-- Inputs: _data.issued_file, and the results; $month, $masked, $regions with $until: as statement_month has them.
with ending as (
    select unnest($regions::varchar[]) as region,
           nullif(unnest($until::varchar[]), '')::date as until
),
stored as (
    select region, 'concurrent' as measure, day::varchar as period, agents
    from _data.daily_concurrent
    where location is null
    union all
    select region, 'enabled', day::varchar, agents
    from _data.enabled_daily
    union all
    select region, 'enabled', month, agents
    from _data.monthly_enabled
    union all
    select region, 'concurrent', strftime(day, '%Y-%m'), max(agents)
    from _data.daily_concurrent
    left join ending using (region)
    where location is null
      and day <= coalesce(until, day)
    group by all
)
select i.region as "Region",
       i.period as "Period",
       if(i.period = $month, 'monthly_', 'daily_') || i.measure as "Measure",
       i.revision as "Revision",
       i.value as "Number",
       s.agents as "In the store",
       i.state as "State",
       make_timestamp(i.issued_ts * 1000000) as "Issued at (UTC)",
       i.file as "File",
       i.sha256 as "SHA-256 of the file",
       if($masked, '(left out: names went into it)', i.manifest_sha256) as "SHA-256 of its manifest"
from _data.issued_file as i
left join stored as s using (region, measure, period)
where starts_with(i.period, $month)
qualify i.revision = max(i.revision) over (partition by i.region, i.measure, i.period)
order by i.region, length(i.period), i.measure, i.period

-- name: statement_peak
-- Grain: region with an agent in the month: the first day that reaches its highest second. Input: _data.daily_concurrent; $month,
-- $regions with $until: as statement_month has them.
select region,
       arg_max(day, (agents, -epoch(day)))
from _data.daily_concurrent
left join (select unnest($regions::varchar[]) as region, nullif(unnest($until::varchar[]), '')::date as until) using (region)
where location is null
  and agents > 0
  and strftime(day, '%Y-%m') = $month
  and day <= coalesce(until, day)
group by region
order by region
