-- Grain: day whose rows are dropped, by day. Its numbers, and their state, are kept.
select c.day::varchar,
       c.state
from _data.computation as c
anti join _data.slice as s on s.day = c.day
order by c.day
