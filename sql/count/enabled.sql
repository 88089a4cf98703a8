-- name: enabled_daily
-- Grain: region and day: different agents with a qualifying session that touches the day.
-- Inputs: presence, scope, rule.
insert into _data.enabled_daily
select day,
       c.region,
       count(distinct p.agent_id),
       any_value(r.state)
from scope as c
join rule as r using (day)
left join presence as p using (scope_id)
where c.location is null
group by day, c.region
order by day, c.region

-- name: enabled_agent
-- Grain: qualifying session x region of a day, with its agent; no is the day's place in $days. For the comparison of sets (R12).
-- Input: _data.qualifying_session; $days.
select d.no,
       region,
       agent
from _data.qualifying_session
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)

-- name: enabled_count
-- Grain: day and region, as a scope: its number of enabled agents, with the region.
-- Input: _data.enabled_daily; $days.
select day::varchar as day,
       region,
       '' as location,
       region,
       agents
from _data.enabled_daily
join (select unnest($days::varchar[]::date[]) as day) using (day)
order by day, region
