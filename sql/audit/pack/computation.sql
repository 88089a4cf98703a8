-- Grain: day of the period that was computed: by which rules, from which slice. Inputs: $from, $to.
select day::varchar,
       slice_sha256,
       rules_sha256,
       sql_sha256,
       rules,
       state
from published._data.computation
where day between $from::date and $to::date
order by day
