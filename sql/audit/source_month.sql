-- Grain: agent of a region's month who is counted by the kept slices or by those read again, not by both.
-- Inputs: kept_qualifying_session, the results of the slices read again; $month, $region.
with before as (
    select distinct agent
    from kept_qualifying_session
    where region = $region
      and strftime(day, '%Y-%m') = $month
),
after as (
    select distinct agent
    from _data.qualifying_session
    where region = $region
      and strftime(day, '%Y-%m') = $month
)
select agent,
       a.agent is not null
from before as b
full join after as a using (agent)
where a.agent is null
   or b.agent is null
order by agent
