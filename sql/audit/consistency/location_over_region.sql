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
