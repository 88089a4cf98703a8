-- Grain: repeated key of the one day in the scratch store. Input: $file.
copy (
    select *
    from _data.duplicate_key
    order by relation, row_key, copies
) to $file (format parquet)
