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
