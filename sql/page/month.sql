-- Grain: month x region that was counted (R9), by month.
select month,
       region,
       agents,
       state
from _data.monthly_enabled
order by month, region
