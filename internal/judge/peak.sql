-- Grain: region, or location of it, with its peak of a day (R8). Plainly: between two seconds at which somebody comes or
-- goes, the agents that are there are counted.
-- $1 to $3: regions and the starts and ends of their days; $4, $5: locations and their regions.
with scope as (
    select d.region, p.location, d.start_ts, d.end_ts
    from unnest($1::text[], $2::bigint[], $3::bigint[]) as d (region, start_ts, end_ts)
    cross join lateral (
        select '' as location
        union
        select l.location from unnest($4::text[], $5::text[]) as l (location, region) where l.region = d.region
    ) as p
),
presence as (
    select c.region, c.location, s.agent,
           greatest(s.start_ts, c.start_ts) as start_ts,
           least(s.until_ts, c.end_ts) as until_ts
    from scope as c
    join seat as s on s.region = c.region
        and c.location in ('', s.location)
    where greatest(s.start_ts, c.start_ts) < least(s.until_ts, c.end_ts)
),
moment as (
    select region, location, start_ts as ts from presence
    union
    select region, location, until_ts from presence
),
step as (
    select *,
           lead(ts) over (partition by region, location order by ts) as next_ts
    from moment
),
counted as (
    select t.region, t.location, t.ts, t.next_ts - t.ts as seconds, count(distinct p.agent) as agents
    from step as t
    join presence as p on p.region = t.region
        and p.location = t.location
        and p.start_ts <= t.ts
        and p.until_ts > t.ts
    group by t.region, t.location, t.ts, t.next_ts
)
select c.region,
       c.location,
       coalesce(max(n.agents), 0) as peak,
       coalesce(min(n.ts), 0) as peak_ts,
       coalesce(sum(n.seconds), 0)::bigint as peak_seconds
from scope as c
left join counted as n on n.region = c.region
    and n.location = c.location
    and n.agents = (select max(m.agents) from counted as m where m.region = c.region and m.location = c.location)
group by c.region, c.location
order by c.region, c.location
