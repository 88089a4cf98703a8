-- Into a sealed month, its rows, in the order in which they lie, which is nearly that of days: so a day is found without
-- reading all. Inputs: $from, $to, both included.
create table sealing._data.{{.Name}} as
from _data.{{.Name}}
where day between $from::date and $to::date
