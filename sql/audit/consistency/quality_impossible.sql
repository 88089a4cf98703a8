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
