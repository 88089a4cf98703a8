-- Out of a sealed month, its rows.
insert into _data.{{.Name}} by name
from sealed._data.{{.Name}}
