-- name: consistency
-- Grain: finding of the check consistency, in words: numbers that cannot be true together, by rule.
--   concurrent_over_enabled: region and day with more agents at once than agents in the day.
--   day_over_month: region and day with more agents than its month has. A month counted by other rules than the day says
--     nothing about it.
--   location_over_region, region_over_locations: region and day in which a location has more agents at once than the region,
--     or that has more than all its locations together.
--   quality_impossible: count of a day that does not fit the slice it was counted from. Days whose slice was read again since
--     they were computed are left out.
--   jump: region and day whose peak is far from the median of the same weekday in the eight weeks before it, of which four must
--     be known. Far: by more than half of the median, and by ten agents at least.
-- Inputs: published slices and results; $from, $to.
with peak as (
    select region,
           day,
           agents
    from published._data.daily_concurrent
    where location is null
),
located as (
    select p.region,
           p.day,
           p.agents,
           max(l.agents) as most,
           sum(l.agents) as together
    from peak as p
    join published._data.daily_concurrent as l using (day, region)
    where l.location is not null
    group by p.region, p.day, p.agents
),
of_slice as (
    select s.*
    from published._data.slice as s
    join published._data.computation as c on c.day = s.day
        and c.slice_sha256 = s.sha256
),
bound as (
    select day,
           unnest(['rejected_session', 'long_session', 'overlapping_sessions', 'several_regions', 'unknown_switch',
                   'unmapped_switch', 'rejected_activity', 'orphan_activity', 'open_session', 'excluded_agent']) as rule,
           unnest([sessions, sessions, sessions, sessions, sessions,
                   sessions, activities, activities, open_sessions, agents]) as most,
           unnest(['sessions', 'sessions', 'sessions', 'sessions', 'sessions',
                   'sessions', 'activities', 'activities', 'open sessions', 'agents']) as what
    from of_slice
),
usual as (
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
    group by p.region, p.day, p.agents
),
found as (
    select 'concurrent_over_enabled' as rule,
           p.region,
           p.day,
           p.agents || ' agents at once, ' || e.agents || ' in the whole day' as words
    from peak as p
    join published._data.enabled_daily as e using (day, region)
    where p.agents > e.agents
    union all
    select 'day_over_month',
           e.region,
           e.day,
           e.agents || ' agents in a day, ' || m.agents || ' in the whole month'
    from published._data.enabled_daily as e
    join published._data.computation as c using (day)
    join published._data.monthly_enabled as m on m.month = strftime(e.day, '%Y-%m')
        and m.region = e.region
        and m.rules_sha256 = c.rules_sha256
        and m.sql_sha256 = c.sql_sha256
    where c.computed_ts <= m.computed_ts
      and e.agents > m.agents
    union all
    select 'location_over_region',
           region,
           day,
           most || ' agents at once in a location, ' || agents || ' in the region'
    from located
    where most > agents
    union all
    select 'region_over_locations',
           region,
           day,
           agents || ' agents at once in the region, ' || together || ' in all its locations together'
    from located
    where agents > together
    union all
    select 'quality_impossible',
           '',
           b.day,
           b.rule || ' was found ' || coalesce(q.occurrences::varchar, 'not at all') || ' times in a slice of '
               || b.most || ' ' || b.what
    from bound as b
    left join published._data.data_quality as q using (day, rule)
    where q.occurrences is null
       or q.occurrences > b.most
    union all
    select 'quality_impossible',
           '',
           s.day,
           e.region || ' has ' || e.agents || ' agents, and the slice has ' || s.sessions || ' sessions'
    from of_slice as s
    join published._data.enabled_daily as e using (day)
    where e.agents > s.sessions
    union all
    select 'jump',
           region,
           day,
           agents || ' agents at once, where the same weekday of ' || weeks || ' earlier weeks had ' || usual || ' (median)'
    from usual
    where weeks >= 4
      and abs(agents - usual) >= 10
      and abs(agents - usual) * 2 > usual
)
select rule,
       region,
       day::varchar,
       words,
       []
from found
where day between $from::date and $to::date
order by rule, day, region, words
