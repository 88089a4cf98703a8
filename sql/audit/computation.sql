-- Grain: day of the published store that was computed: from which slice, rules and statements.
select day::varchar,
       slice_sha256,
       rules_sha256,
       sql_sha256
from published._data.computation
order by day
