-- The rows of a range of days, both included, go.
delete from _data.{{.Name}}
where day between $from::date and $to::date
