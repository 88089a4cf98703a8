-- Grain: day of a range, both ends included, that was computed: by which rules, and with which state.
-- Input: _data.computation; $from, $to.
select day::varchar as day,
       rules_sha256,
       rules,
       state
from _data.computation
where day between $from::date and $to::date
order by day
