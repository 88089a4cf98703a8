-- name: write_checkpoint
-- Grain: action of a table of the Delta protocol. Input: $lines, each an action as the log has it; $file. Null stands for what an action is
-- not, as readers want it.
copy (
    select unnest(from_json(line, '{
               "protocol": {"minReaderVersion": "INTEGER", "minWriterVersion": "INTEGER"},
               "metaData": {"id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR",
                            "format": {"provider": "VARCHAR", "options": "MAP(VARCHAR, VARCHAR)"}, "schemaString": "VARCHAR",
                            "partitionColumns": ["VARCHAR"], "configuration": "MAP(VARCHAR, VARCHAR)", "createdTime": "BIGINT"},
               "add": {"path": "VARCHAR", "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT", "modificationTime": "BIGINT",
                       "dataChange": "BOOLEAN", "stats": "VARCHAR", "tags": "MAP(VARCHAR, VARCHAR)"},
               "remove": {"path": "VARCHAR", "deletionTimestamp": "BIGINT", "dataChange": "BOOLEAN", "extendedFileMetadata": "BOOLEAN",
                          "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT", "tags": "MAP(VARCHAR, VARCHAR)"}
           }'))
    from (
        select unnest($lines::varchar[]) as line
    )
) to $file (format parquet, compression zstd)

-- name: read_checkpoint
-- Grain: action of a table of the Delta protocol, as the log has it. Input: $file.
select to_json({'protocol': protocol, 'metaData': metaData, 'add': add, 'remove': remove})::varchar as line
from read_parquet($file, hive_partitioning = false)
