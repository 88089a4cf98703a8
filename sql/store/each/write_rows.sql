-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.{{.Name}}
    order by {{list .Order}}
) to $file (format parquet)
