-- A store's one day, repeated on the days before it, in one of its tables, whose name comes from the catalog.
insert into _data.%[1]s
select t.* replace (t.day - n::integer as day)
from _data.%[1]s as t
cross join range(1, $days::bigint) as r (n)
order by t.day - n::integer
