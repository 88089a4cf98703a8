-- name: write_checkpoint
-- Grain: action of the log of a table, as the Delta protocol has them in a checkpoint. Inputs: $lines (a file with an action a line, as
-- JSON), $file.
copy (
    from read_json($lines, format = 'newline_delimited', columns = {
        protocol: 'struct(minReaderVersion integer, minWriterVersion integer)',
        metaData: 'struct(id varchar, description varchar, format struct(provider varchar, options map(varchar, varchar)), schemaString varchar,
                   partitionColumns varchar[], configuration map(varchar, varchar), createdTime bigint)',
        add: 'struct(path varchar, partitionValues map(varchar, varchar), size bigint, modificationTime bigint, dataChange boolean, stats varchar)',
        remove: 'struct(path varchar, deletionTimestamp bigint, dataChange boolean)'
    })
) to $file (format parquet, compression zstd)

-- name: read_checkpoint
-- Grain: action of a checkpoint, as JSON. Input: $file.
select to_json(c)::varchar
from read_parquet($file, hive_partitioning = false) as c
