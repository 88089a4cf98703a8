-- Grain: primary key that the source held more than once, on the scratch store's day (R11). Input: $file.
copy (
    select relation,
           row_key,
           copies
    from _data.duplicate_key
    order by relation, row_key, copies
) to $file (format parquet, compression zstd)
