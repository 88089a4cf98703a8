-- Grain: data-quality rule (R11) that tells how the slice was cut, with its count.
-- $1, $2: starts and ends of the period in the regions.
select 'agent_without_employee_id' as rule,
       count(distinct resource_key) as count
from session
where agent = '#' || resource_key
union all
select 'excluded_agent',
       count(distinct agent)
from session
where is_excluded
union all
select 'open_session',
       count(*)
from session
where is_open
union all
select 'orphan_activity',
       count(*)
from activity as a
where a.is_driven
  and exists (
    select from unnest($1::bigint[], $2::bigint[]) as d (start_ts, end_ts)
    where d.start_ts < d.end_ts
      and a.start_ts < d.end_ts
      and a.until_ts > d.start_ts
)
  and not exists (
    select from session as s
    where s.agent = a.agent
      and s.start_ts < a.until_ts
      and s.until_ts > a.start_ts
)
union all
select 'unmapped_switch',
       count(distinct (session_key, start_date_time_key))
from seat
where location is null
order by rule
