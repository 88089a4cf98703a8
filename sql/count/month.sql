-- name: rule_region_month
-- Grain: region of the tenant, with what its month is counted from: state (R10), a hash over the slices of its days, and the days
-- (R9): not one that the zone skipped, nor one after the region's last. Input: $regions, a list as JSON.
create or replace temp table rule_region_month as
select unnest(region)
from (
    select unnest(from_json_strict($regions, '[{"region": "VARCHAR", "state": "VARCHAR", "slices_sha256": "VARCHAR", "days": ["DATE"]}]')) as region
)

-- name: rule_month_day
-- Grain: region of the tenant and day that its month is counted from. Input: rule_region_month.
create or replace temp table rule_month_day as
select region,
       unnest(days) as day
from rule_region_month

-- name: month_agent
-- Grain: region and agent of a month (R9). Who touches the month touches one of its days, so the days' sessions are all there is to
-- count. Within the month an agent is known by the newest slice's word for each resource_key (R6): an employee_id that is filled
-- in later makes no second person.
-- Inputs: _data.qualifying_session, agent, slice; rule_month_day.
create or replace temp table month_agent as
with ending as (
    select region,
           max(day) as last_day
    from rule_month_day
    group by region
),
word as (
    select e.last_day,
           a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from (select distinct last_day from ending) as e
    join _data.agent as a on a.day <= e.last_day
    join _data.slice as s on s.day = a.day
    where a.day in (select day from rule_month_day)
    group by e.last_day,
             a.resource_key
)
select distinct q.region,
                coalesce(w.agent, q.agent) as agent
from rule_month_day as d
join ending as e on e.region = d.region
join _data.qualifying_session as q on q.region = d.region
    and q.day = d.day
left join word as w on w.last_day = e.last_day
    and w.resource_key = q.resource_key

-- name: month_agent_list
-- Grain: agent of a region's month, the one that is counted. For the comparison of sets (R12).
-- Input: month_agent.
select 1::bigint as no,
       region,
       agent
from month_agent

-- name: monthly_enabled
-- Grain: region and month (R9): its different agents.
-- Inputs: month_agent, rule_region_month; $month, $rules_sha256, $sql_sha256, $computed_ts.
insert into _data.monthly_enabled
select $month,
       r.region,
       count(a.agent),
       r.state,
       $rules_sha256,
       $sql_sha256,
       r.slices_sha256,
       $computed_ts
from rule_region_month as r
left join month_agent as a on a.region = r.region
group by r.region,
         r.state,
         r.slices_sha256
order by r.region

-- name: monthly_concurrent
-- Grain: region and month: its highest second, of the days that it is counted from as they were counted (R8): the most agents at once,
-- the first second with so many, how many seconds have them, and how many days. Without an agent there is no such second.
-- Inputs: _data.concurrency; rule_month_day, rule_region_month; $month.
insert into _data.monthly_concurrent
with step as (
    select d.region,
           d.day,
           c.start_ts,
           c.end_ts,
           c.agents
    from rule_month_day as d
    join _data.concurrency as c on c.region = d.region
        and c.day = d.day
    where c.location is null
      and c.agents > 0
),
top as (
    select region,
           max(agents) as agents
    from step
    group by region
)
select $month,
       r.region,
       coalesce(any_value(t.agents), 0),
       min(s.start_ts),
       sum(s.end_ts - s.start_ts)::bigint,
       count(distinct s.day)
from rule_region_month as r
left join top as t on t.region = r.region
left join step as s on s.region = t.region
    and s.agents = t.agents
group by r.region
order by r.region

-- name: delete_monthly_enabled
delete from _data.monthly_enabled
where month = $month

-- name: delete_monthly_concurrent
delete from _data.monthly_concurrent
where month = $month

-- name: month_count
-- Grain: region of a month (R9): its number of enabled agents, and what it was counted from.
-- Input: _data.monthly_enabled; $month.
select region,
       agents,
       state,
       slices_sha256,
       rules_sha256,
       sql_sha256
from _data.monthly_enabled
where month = $month
order by region

-- name: month_peak
-- Grain: region of a month: its highest second. A month that an older version counted has none. Input: _data.monthly_concurrent; $month.
select region,
       region,
       '' as location,
       agents,
       coalesce(peak_ts, 0),
       coalesce(peak_seconds, 0),
       peak_days
from _data.monthly_concurrent
where month = $month
order by region
