-- Grain: region of a month (R9): its number of enabled agents, and what it was counted from.
-- Input: _data.monthly_enabled; $month.
select region,
       agents,
       state,
       slices_sha256
from _data.monthly_enabled
where month = $month
order by region
