-- Grain: resource of the one day in the scratch store. Input: $file.
copy (
    select *
    from _data.agent
    order by resource_key
) to $file (format parquet)
