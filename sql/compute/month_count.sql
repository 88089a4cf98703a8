-- Grain: region of a month (R9): its number of enabled agents.
-- Input: _data.monthly_enabled; $month.
select region,
       agents
from _data.monthly_enabled
where month = $month
order by region
