-- Grain: region and day with more agents than its month has. A month counted by other rules than the day says
-- nothing about it. Input: published results; $from, $to.
select e.region,
       e.day::varchar,
       e.agents,
       m.agents
from published._data.enabled_daily as e
join published._data.computation as c using (day)
join published._data.monthly_enabled as m on m.month = strftime(e.day, '%Y-%m')
    and m.region = e.region
    and m.rules_sha256 = c.rules_sha256
    and m.sql_sha256 = c.sql_sha256
where e.day between $from::date and $to::date
  and c.computed_ts <= m.computed_ts
  and e.agents > m.agents
order by e.day, e.region
