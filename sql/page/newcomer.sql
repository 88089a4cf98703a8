-- Grain: day x region with agents who qualify there for the first time in the day's month (R9), by day.
-- Agents are known by the newest word of the month for each resource_key (R6).
-- Inputs: _data.qualifying_session, agent, slice; days whose rows were dropped are not in them.
with word as (
    select date_trunc('month', a.day) as month,
           a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    group by all
),
earliest as (
    select q.region,
           coalesce(w.agent, q.agent) as agent,
           min(q.day) as day
    from _data.qualifying_session as q
    left join word as w on w.month = date_trunc('month', q.day)
        and w.resource_key = q.resource_key
    group by q.region, coalesce(w.agent, q.agent), date_trunc('month', q.day)
)
select day::varchar,
       region,
       count(*) as agents
from earliest
group by day, region
order by day, region
