-- Grain: region of a month (R9): its number of enabled agents.
-- Input: data.monthly_enabled; $month.
select region,
       agents
from data.monthly_enabled
where month = $month
order by region
