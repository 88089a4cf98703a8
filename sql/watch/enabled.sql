-- Grain: region of the newest month that was computed.
select region,
       agents
from _data.monthly_enabled
where month = (select max(month) from _data.monthly_enabled)
order by region
