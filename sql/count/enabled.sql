-- name: enabled_daily
-- Grain: region and day: different agents with a qualifying session that touches the day.
-- Inputs: _data.qualifying_session, rule_region_day; $day, $state.
insert into _data.enabled_daily
select $day::date,
       d.region,
       count(distinct q.agent),
       $state
from rule_region_day as d
left join _data.qualifying_session as q on q.day = $day::date
    and q.region = d.region
group by d.region
order by d.region

-- name: enabled_agent
-- Grain: agent of a region and a day. For the comparison of sets (R12).
-- Input: _data.qualifying_session; $day.
select distinct region,
                agent
from _data.qualifying_session
where day = $day::date
order by region, agent

-- name: enabled_count
-- Grain: region of a day: its number of enabled agents.
-- Input: _data.enabled_daily; $day.
select region,
       agents
from _data.enabled_daily
where day = $day::date
order by region
