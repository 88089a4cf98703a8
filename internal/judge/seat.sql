-- Grain: qualifying session (R4) x location (R5), with the number of activities that put it there; no location is one
-- that has nowhere to go. Unknown switches count only where the session has no known one, and then the switches of its
-- other legs are asked first.
-- $1 to $3: switches, their locations and regions; the empty switch stands for the default location.
insert into seat
with place as (
    select switch_name, location, region
    from unnest($1::text[], $2::text[], $3::text[]) as p (switch_name, location, region)
),
touch as (
    select s.*,
           a.switch_name,
           a.is_driven,
           bool_or(a.is_driven) over same as qualifies,
           bool_or(a.is_driven and a.switch_name is not null) over same as has_known,
           bool_or(not a.is_driven) over same as has_other,
           count(*) filter (where a.is_driven) over same as activities
    from session as s
    join activity as a on a.resource_key = s.resource_key
        and a.start_ts < s.until_ts
        and a.until_ts > s.start_ts
    where not s.is_excluded
    window same as (partition by s.session_key, s.start_date_time_key)
)
select t.session_key, t.start_date_time_key, t.agent, t.start_ts, t.until_ts,
       coalesce(p.region, f.region),
       coalesce(p.location, f.location),
       case when bool_or(t.is_driven) then count(*) else min(t.activities) end
from touch as t
left join place as p on p.switch_name = t.switch_name
left join place as f on f.switch_name = ''
where t.qualifies
  and case
      when t.has_known then t.is_driven and t.switch_name is not null
      when t.has_other then not t.is_driven
      else true
  end
group by 1, 2, 3, 4, 5, 6, 7
