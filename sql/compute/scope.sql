-- Grain: what concurrency is counted for (R8): each region, and each of its locations, over the region's day.
-- Inputs: rule_region_day, rule_location.
create or replace temp table scope as
with named as (
    select region,
           null as location
    from rule_region_day
    union all
    select region,
           location
    from rule_location
)
select row_number() over (order by n.region, n.location nulls first) as scope_id,
       n.region,
       n.location,
       d.start_ts,
       d.end_ts
from named as n
join rule_region_day as d using (region)
