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
