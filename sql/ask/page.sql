-- name: page_as_of
-- When the newest run on the store ended, in UTC; no row where there is none.
select make_timestamp(max(ended_ts) * 1000000)
from _data.run
having max(ended_ts) > 0

-- name: page_curve
-- Grain: step of a curve of some days (R8), curve by curve, in order. Steps that differ in sessions alone are one, which tells none.
-- Input: _data.concurrency; $days.
with step as (
    select *,
           agents is distinct from lag(agents) over curve
               or start_ts is distinct from lag(end_ts) over curve as differs
    from _data.concurrency
    join (select unnest($days::varchar[]::date[]) as day) using (day)
    window curve as (partition by day, region, location order by start_ts)
),
numbered as (
    select *,
           count(*) filter (differs) over (partition by day, region, location order by start_ts) as no
    from step
)
select day::varchar,
       region,
       coalesce(location, '') as location,
       min(start_ts) as start_ts,
       max(end_ts) as end_ts,
       any_value(agents) as agents,
       0 as sessions
from numbered
group by day, region, location, no
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

-- name: page_bill
-- Grain: month x region of which a day was counted, by month and region: what is billed of it. That is the highest second of the days up
-- to the region's last (R8), or where a contract that measures something else is the region's, what that one says; where it says nothing
-- of the month, there is no row. Above committed and headroom are of what is committed, as configured now. Enabled agents (R9) are those so
-- far (R6) of a month that was not counted, where all its rows are there. Counts of regions are there to be added.
-- Inputs: _data.daily_concurrent, monthly_enabled, qualifying_session, agent, slice, computation; $regions and $contracts, those of the
-- configuration and what they say of the months, as JSON.
with region as (
    select Name as region,
           try_cast(Until as date) as until,
           nullif(Committed, 0) as committed,
           if(Committed = 0, coalesce(Contracts[1].contract, ''), '') as leading
    from (select unnest(from_json($regions::json, '[{"Name":"VARCHAR","Until":"VARCHAR","Committed":"BIGINT","Contracts":[{"contract":"VARCHAR"}]}]'), recursive := true))
),
said as (
    select unnest(from_json($contracts::json, '[{"Month":"VARCHAR","Region":"VARCHAR","Name":"VARCHAR","Measures":"VARCHAR","Quantity":"DOUBLE","Committed":"BIGINT"}]'), recursive := true)
),
word as (
    select date_trunc('month', a.day) as month,
           a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    where strftime(a.day, '%Y-%m') not in (select month from _data.monthly_enabled)
    group by all
),
so_far as (
    select strftime(q.day, '%Y-%m') as month,
           q.region,
           count(distinct coalesce(w.agent, q.agent)) as agents
    from _data.qualifying_session as q
    left join word as w on w.month = date_trunc('month', q.day)
        and w.resource_key = q.resource_key
    where strftime(q.day, '%Y-%m') not in (select month from _data.monthly_enabled)
      and strftime(q.day, '%Y-%m') not in (
          select strftime(c.day, '%Y-%m')
          from _data.computation as c
          anti join _data.slice as s on s.day = c.day
      )
    group by all
),
peak as (
    select strftime(p.day, '%Y-%m') as month,
           p.region,
           max(p.agents)::double as agents,
           count(*) filter (p.state = 'final') < least(last_day(any_value(p.day)), any_value(r.until)) - date_trunc('month', any_value(p.day))::date + 1 as open
    from _data.daily_concurrent as p
    left join region as r using (region)
    where p.location is null
      and p.day <= coalesce(r.until, p.day)
    group by all
),
billed as (
    select p.month,
           p.region,
           if(r.leading <> '', s.Quantity, p.agents) as concurrent,
           if(r.leading <> '', s.Measures, '') as measures,
           if(r.leading <> '', nullif(s.Committed, 0), r.committed) as committed,
           p.open
    from peak as p
    left join region as r using (region)
    left join said as s on s.Month = p.month
        and s.Region = p.region
        and s.Name = r.leading
)
select b.month,
       b.region,
       1 as regions,
       b.concurrent,
       coalesce(b.measures, '') as measures,
       (e.agents is not null)::bigint as enabled_in,
       coalesce(e.agents, f.agents, 0) as enabled,
       coalesce(b.committed, 0) as committed,
       (b.committed is not null)::bigint as committed_in,
       coalesce(greatest(b.concurrent - b.committed, 0), 0) as above,
       coalesce(b.concurrent > b.committed, false)::bigint as above_in,
       coalesce(greatest(b.committed - b.concurrent, 0), 0) as headroom,
       b.open or e.agents is null or e.state <> 'final' as open
from billed as b
left join _data.monthly_enabled as e on e.month = b.month
    and e.region = b.region
left join so_far as f on f.month = b.month
    and f.region = b.region
where b.concurrent is not null
order by b.month, b.region

-- name: page_blocked_by
-- The data-quality rules that block days (R11), from one on. Inputs: _data.data_quality; $since.
select coalesce(string_agg(distinct rule, ', ' order by rule), '')
from _data.data_quality
where blocking
  and occurrences > 0
  and day >= $since::date
