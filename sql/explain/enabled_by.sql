-- Grain: what the seats of a region's month are broken down by, with the enabled agents of each (R9).
-- Input: the store's macro enabled_by; $by, $region, $month.
select name,
       agents
from enabled_by($by, $region, $month)
