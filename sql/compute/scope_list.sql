-- Grain: scope, to know its number in the curves.
-- Input: scope.
select scope_id,
       region,
       coalesce(location, '') as location
from scope
order by scope_id
