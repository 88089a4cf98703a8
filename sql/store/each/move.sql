-- A day's rows become another day's.
update _data.{{.Name}}
set day = $to::date
where day = $from::date
