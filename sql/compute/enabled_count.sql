-- Grain: region of a day: its number of enabled agents.
-- Input: _data.enabled_daily; $day.
select region,
       agents
from _data.enabled_daily
where day = $day::date
order by region
