-- Grain: the computation of a month, none where there is none: what is the same for every region.
-- Input: _data.monthly_enabled; $month.
select any_value(rules_sha256) as rules_sha256,
       any_value(sql_sha256) as sql_sha256,
       any_value(computed_ts) as computed_ts
from _data.monthly_enabled
where month = $month
having count(*) > 0
