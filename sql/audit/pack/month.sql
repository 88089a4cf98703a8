-- Grain: month of the period with a number in the store. Inputs: $from, $to.
select distinct month
from published._data.monthly_enabled
where last_day((month || '-01')::date) between $from::date and $to::date
order by month
