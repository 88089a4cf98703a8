-- Grain: day of the published store that was computed: from which slice, rules and statements.
select c.day::varchar,
       c.slice_sha256,
       coalesce((to_json(c) ->> 'as_of')::bigint = s.as_of, false) as is_of_slice, -- a store of an older version does not know
       c.rules_sha256,
       c.sql_sha256
from published._data.computation as c
left join _data.slice as s on s.day = c.day
order by c.day
