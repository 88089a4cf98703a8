-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.{{.Name}}
select 0,
       *
from gim_rows($source)
