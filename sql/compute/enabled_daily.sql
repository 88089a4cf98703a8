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
