-- Grain: resource of the scratch store's day (R6). Input: $file.
copy (
    select resource_key,
           employee_id,
           resource_name
    from _data.agent
    order by resource_key
) to $file (format parquet, compression zstd)
