-- Grain: what the seats of a region's day are broken down by: the peak of each by itself, its share of the region's, and its
-- enabled agents, the largest share first.
-- Input: the store's macro breakdown; $by, $region, $day.
select name,
       peak,
       epoch(peak_at)::bigint as peak_ts,
       share_at_peak,
       enabled
from breakdown($by, $region, $day)
