-- Grain: set of counting rules that the published store keeps, by the hash that it is kept by.
select rules_sha256,
       rules
from published._data.computation
union
select sha256,
       rules
from published._data.counting_rules
order by all
