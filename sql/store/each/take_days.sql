-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.{{.Name}} by name
select *
from published._data.{{.Name}}
where day between $from::date and $to::date
