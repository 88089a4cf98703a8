-- Grain: day of the period that was computed or has a slice. has_rows: its numbers were counted from the slice that is there; it
-- is false where the slice was dropped with age, and null where there is a slice that is not counted. from_numbers and
-- from_rows: what the day's partitions are made of. Inputs: $from, $to.
select coalesce(c.day, s.day)::varchar as day,
       case
           when s.day is null then false
           when s.sha256 = c.slice_sha256 then true
       end as has_rows,
       coalesce(c.rules, '') as rules,
       coalesce(s.as_of, 0) as as_of,
       coalesce(s.extracted_ts, 0) as extracted_ts,
       concat_ws('|', c.slice_sha256, c.rules_sha256, c.sql_sha256, c.state) as from_numbers,
       coalesce(to_json(s)::varchar, '') as from_rows
from published._data.computation as c
full join published._data.slice as s using (day)
where coalesce(c.day, s.day) between $from::date and $to::date
order by day
