-- Grain: set of counting rules that a day of the store was computed by.
select distinct rules_sha256,
                rules
from published._data.computation
order by rules_sha256, rules
