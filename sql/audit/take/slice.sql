-- The whole of the small table: what the store says of itself.
insert into data.slice
select *
from published.data.slice
