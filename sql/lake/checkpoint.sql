-- name: write_checkpoint
-- Grain: action of the log of a table, as the Delta protocol has them in a checkpoint. Inputs: $lines (actions as JSON), $file.
copy (
    select unnest(from_json(line, '{
        "protocol": {"minReaderVersion": "integer", "minWriterVersion": "integer"},
        "metaData": {"id": "varchar", "description": "varchar", "format": {"provider": "varchar", "options": "map(varchar, varchar)"},
                     "schemaString": "varchar", "partitionColumns": ["varchar"], "configuration": "map(varchar, varchar)", "createdTime": "bigint"},
        "add": {"path": "varchar", "partitionValues": "map(varchar, varchar)", "size": "bigint", "modificationTime": "bigint",
                "dataChange": "boolean", "stats": "varchar"},
        "remove": {"path": "varchar", "deletionTimestamp": "bigint", "dataChange": "boolean"}
    }'))
    from (select unnest($lines::varchar[]) as line)
) to $file (format parquet, compression zstd)

-- name: read_checkpoint
-- Grain: action of a checkpoint, as JSON. Input: $file.
select to_json(c)::varchar
from read_parquet($file, hive_partitioning = false) as c
