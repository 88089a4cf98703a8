-- Grain: region x agent with a qualifying session of the region that shares a second with its period (R9).
-- $1 to $3: regions and the starts and ends of their periods.
select distinct s.region,
                s.agent
from seat as s
join unnest($1::text[], $2::bigint[], $3::bigint[]) as d (region, start_ts, end_ts) on d.region = s.region
    and d.start_ts < d.end_ts
    and s.start_ts < d.end_ts
    and s.until_ts > d.start_ts
order by s.region, s.agent
