-- The whole of the small table: what the store says of itself.
insert into _data.issued_file
select *
from published._data.issued_file
