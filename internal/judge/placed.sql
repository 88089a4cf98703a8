-- Grain: qualifying session x location that shares a second with the period of the location's region.
-- $1 to $3: regions and the starts and ends of their periods.
select s.region,
       s.location,
       s.agent,
       s.session_key,
       s.start_date_time_key,
       s.start_ts,
       s.until_ts,
       s.activities
from seat as s
join unnest($1::text[], $2::bigint[], $3::bigint[]) as d (region, start_ts, end_ts) on d.region = s.region
    and d.start_ts < d.end_ts
    and s.start_ts < d.end_ts
    and s.until_ts > d.start_ts
order by s.region, s.location, s.session_key, s.start_date_time_key
