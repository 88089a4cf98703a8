-- The whole of the small table: what the store says of itself.
insert into _data.run
select *
from published._data.run
