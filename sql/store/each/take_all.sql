-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.{{.Name}} by name
select *
from published._data.{{.Name}}
