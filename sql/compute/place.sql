-- Grain: location of the tenant, by the number of its scope, with that of its region (R5).
-- Inputs: rule_location, scope.
create or replace temp table place as
select l.scope_id as place_id,
       r.scope_id as region_id,
       l.region,
       l.location,
       n.is_default
from rule_location as n
join scope as l on l.region = n.region
    and l.location = n.location
join scope as r on r.region = n.region
    and r.location is null
