-- name: consistency_concurrent_over_enabled
-- Grain: region and day with more agents at once than agents in the day. Input: published results; $from, $to.
select c.region,
       c.day::varchar,
       c.agents,
       e.agents
from published._data.daily_concurrent as c
join published._data.enabled_daily as e using (day, region)
where c.location is null
  and c.day between $from::date and $to::date
  and c.agents > e.agents
order by c.day, c.region

-- name: consistency_day_over_month
-- Grain: region and day with more agents than its month has. A month counted by other rules than the day says
-- nothing about it. Input: published results; $from, $to.
select e.region,
       e.day::varchar,
       e.agents,
       m.agents
from published._data.enabled_daily as e
join published._data.computation as c using (day)
join published._data.monthly_enabled as m on m.month = strftime(e.day, '%Y-%m')
    and m.region = e.region
    and m.rules_sha256 = c.rules_sha256
    and m.sql_sha256 = c.sql_sha256
where e.day between $from::date and $to::date
  and c.computed_ts <= m.computed_ts
  and e.agents > m.agents
order by e.day, e.region

-- name: consistency_jump
-- Grain: region and day whose peak is far from the median of the same weekday in the eight weeks before it, of
-- which four must be known. Far: by more than half of the median, and by ten agents at least.
-- Input: published results; $from, $to.
with peak as (
    select region,
           day,
           agents
    from published._data.daily_concurrent
    where location is null
),
compared as (
    select p.region,
           p.day,
           p.agents,
           round(median(e.agents))::bigint as usual,
           count(*) as weeks
    from peak as p
    join peak as e on e.region = p.region
        and e.day < p.day
        and e.day >= p.day - 56
        and (p.day - e.day) % 7 = 0
    where p.day between $from::date and $to::date
    group by p.region, p.day, p.agents
)
select region,
       day::varchar,
       agents,
       usual,
       weeks
from compared
where weeks >= 4
  and abs(agents - usual) >= 10
  and abs(agents - usual) * 2 > usual
order by day, region

-- name: consistency_location_over_region
-- Grain: region and day in which a location has more agents at once than the region. Input: published results;
-- $from, $to.
select r.region,
       r.day::varchar,
       max(l.agents),
       r.agents
from published._data.daily_concurrent as r
join published._data.daily_concurrent as l using (day, region)
where r.location is null
  and l.location is not null
  and r.day between $from::date and $to::date
group by r.region, r.day, r.agents
having max(l.agents) > r.agents
order by r.day, r.region

-- name: consistency_quality_impossible
-- Grain: count of a day that does not fit the slice it was counted from, in words. Days whose slice was read again
-- since they were computed are left out. Inputs: published slices and results; $from, $to.
with day as (
    select s.*
    from published._data.slice as s
    join published._data.computation as c on c.day = s.day
        and c.slice_sha256 = s.sha256
    where s.day between $from::date and $to::date
),
bound as (
    select day,
           unnest(['rejected_session', 'long_session', 'overlapping_sessions', 'several_regions', 'unknown_switch',
                   'unmapped_switch', 'rejected_activity', 'orphan_activity', 'open_session', 'excluded_agent']) as rule,
           unnest([sessions, sessions, sessions, sessions, sessions,
                   sessions, activities, activities, open_sessions, agents]) as most,
           unnest(['sessions', 'sessions', 'sessions', 'sessions', 'sessions',
                   'sessions', 'activities', 'activities', 'open sessions', 'agents']) as what
    from day
),
impossible as (
    select b.day,
           b.rule || ' was found ' || coalesce(q.occurrences::varchar, 'not at all') || ' times in a slice of '
               || b.most || ' ' || b.what as words
    from bound as b
    left join published._data.data_quality as q using (day, rule)
    where q.occurrences is null
       or q.occurrences > b.most
    union all
    select d.day,
           e.region || ' has ' || e.agents || ' agents, and the slice has ' || d.sessions || ' sessions'
    from day as d
    join published._data.enabled_daily as e using (day)
    where e.agents > d.sessions
)
select day::varchar,
       words
from impossible
order by day, words

-- name: consistency_region_over_locations
-- Grain: region and day that has more agents at once than all its locations together. Input: published results;
-- $from, $to.
select r.region,
       r.day::varchar,
       r.agents,
       sum(l.agents)::bigint
from published._data.daily_concurrent as r
join published._data.daily_concurrent as l using (day, region)
where r.location is null
  and l.location is not null
  and r.day between $from::date and $to::date
group by r.region, r.day, r.agents
having r.agents > sum(l.agents)
order by r.day, r.region
