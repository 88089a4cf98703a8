-- Into a new store, all rows, in the order in which they lie.
insert into small._data.{{.Name}} by name
from _data.{{.Name}}
