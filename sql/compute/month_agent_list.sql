-- Grain: agent of a region's month. For the comparison of sets (R12).
-- Input: month_agent.
select region,
       agent
from month_agent
order by region, agent
