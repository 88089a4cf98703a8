-- The whole of the small table: what the store says of itself.
insert into data.issued_file
select *
from published.data.issued_file
