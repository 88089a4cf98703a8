-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_{{.Name}} as
select *
from _data.{{.Name}}
