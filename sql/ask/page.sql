-- name: page_as_of
-- When the newest run on the store ended, in epoch seconds; 0 where there is none.
select coalesce(max(ended_ts), 0)
from _data.run

-- name: page_curve
-- Grain: step of a curve of some days (R8), curve by curve, in order.
-- Input: _data.concurrency; $days.
select day::varchar,
       region,
       coalesce(location, '') as location,
       start_ts,
       end_ts,
       agents
from _data.concurrency
join (select unnest($days::varchar[]::date[]) as day) using (day)
order by day, region, location, start_ts

-- name: page_month
-- Grain: month x region that was counted (R9), by month.
select month,
       region,
       agents,
       state
from _data.monthly_enabled
order by month, region

-- name: page_peak
-- Grain: day x region x location ('' for the region as a whole) that was counted (R8), by day. Of a region so_far is how many
-- different agents qualified there from the month's first day to this one (R9); from a day on whose rows were dropped, nobody knows.
-- Agents are known by the newest word of the month for each resource_key (R6).
-- Inputs: _data.daily_concurrent, enabled_daily, qualifying_session, agent, slice, computation.
with word as (
    select date_trunc('month', a.day) as month,
           a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    group by all
),
earliest as (
    select q.region,
           coalesce(w.agent, q.agent) as agent,
           min(q.day) as day
    from _data.qualifying_session as q
    left join word as w on w.month = date_trunc('month', q.day)
        and w.resource_key = q.resource_key
    group by q.region, coalesce(w.agent, q.agent), date_trunc('month', q.day)
),
newcomer as (
    select day,
           region,
           count(*) as agents
    from earliest
    group by day, region
),
dropped as (
    select date_trunc('month', c.day) as month,
           min(c.day) as since
    from _data.computation as c
    anti join _data.slice as s on s.day = c.day
    group by all
)
select d.day::varchar,
       d.region,
       coalesce(d.location, '') as location,
       d.agents,
       coalesce(make_timestamp(d.peak_ts * 1000000), timestamp '0001-01-01') as peak_at,
       coalesce(d.peak_seconds, 0) as peak_seconds,
       coalesce(e.agents, 0) as enabled,
       case when d.location is null and (x.since is null or d.day < x.since)
           then coalesce(sum(n.agents) over (partition by d.region, d.location, date_trunc('month', d.day) order by d.day), 0)::bigint
       end as so_far
from _data.daily_concurrent as d
left join _data.enabled_daily as e on e.day = d.day
    and e.region = d.region
left join newcomer as n on n.day = d.day
    and n.region = d.region
left join dropped as x on x.month = date_trunc('month', d.day)
order by d.day, d.region, location

-- name: page_quality
-- Grain: day x data-quality rule that found something (R11), by day.
select day::varchar,
       rule,
       occurrences,
       blocking,
       []::varchar[] as examples -- these name agents
from _data.data_quality
where occurrences > 0
order by day, rule
