-- Grain: region of the newest day that was computed.
select region,
       agents
from _data.daily_concurrent
where location is null
  and day = (select max(day) from _data.daily_concurrent)
order by region
