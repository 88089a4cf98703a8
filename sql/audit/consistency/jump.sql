-- Grain: region and day whose peak is far from the median of the same weekday in the eight weeks before it, of
-- which four must be known. Far: by more than half of the median, and by ten agents at least.
-- Input: published results; $from, $to.
with peak as (
    select region,
           day,
           agents
    from published._data.daily_concurrent
    where location is null
),
compared as (
    select p.region,
           p.day,
           p.agents,
           round(median(e.agents))::bigint as usual,
           count(*) as weeks
    from peak as p
    join peak as e on e.region = p.region
        and e.day < p.day
        and e.day >= p.day - 56
        and (p.day - e.day) % 7 = 0
    where p.day between $from::date and $to::date
    group by p.region, p.day, p.agents
)
select region,
       day::varchar,
       agents,
       usual,
       weeks
from compared
where weeks >= 4
  and abs(agents - usual) >= 10
  and abs(agents - usual) * 2 > usual
order by day, region
