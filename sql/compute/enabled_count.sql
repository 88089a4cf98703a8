-- Grain: region of a day: its number of enabled agents.
-- Input: data.enabled_daily; $day.
select region,
       agents
from data.enabled_daily
where day = $day::date
order by region
