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
