-- A day's rows go.
delete from _data.{{.Name}}
where day = $day::date
