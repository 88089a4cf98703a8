-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.{{.Name}}
    where day between $from::date and $to::date
    order by {{list .Order}}
) to $file (format csv, header)
