-- Grain: agent of a region's month who is counted by the kept slices or by those read again, not by both.
-- Inputs: kept_month_agent, month_agent of the slices read again; $region.
with before as (
    select agent
    from kept_month_agent
    where region = $region
),
after as (
    select agent
    from month_agent
    where region = $region
)
select agent,
       a.agent is not null
from before as b
full join after as a using (agent)
where a.agent is null
   or b.agent is null
order by agent
