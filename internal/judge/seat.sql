-- Grain: qualifying session (R4) x location (R5), with the number of activities that put it there; no location is one
-- that has nowhere to go. Unknown switches count only where the session has no known one.
-- $1 to $3: switches, their locations and regions; the empty switch stands for the default location.
insert into seat
with place as (
    select switch_name, location, region
    from unnest($1::text[], $2::text[], $3::text[]) as p (switch_name, location, region)
),
touch as (
    select s.*,
           a.switch_name,
           bool_or(a.switch_name is not null) over (partition by s.session_key, s.start_date_time_key) as has_known
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and a.start_ts < s.until_ts
        and a.until_ts > s.start_ts
    where not s.is_excluded
)
select t.session_key, t.start_date_time_key, t.agent, t.start_ts, t.until_ts,
       coalesce(p.region, f.region),
       coalesce(p.location, f.location),
       count(*)
from touch as t
left join place as p on p.switch_name = t.switch_name
left join place as f on f.switch_name = ''
where t.switch_name is not null
   or not t.has_known
group by 1, 2, 3, 4, 5, 6, 7
