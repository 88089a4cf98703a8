-- The whole of the small table: what the store says of itself.
insert into data.run
select *
from published.data.run
