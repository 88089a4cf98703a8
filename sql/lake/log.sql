-- name: take_lines
-- Actions of a log, each a line. Inputs: $relation, $lines.
insert into action
with line as (
    select unnest($lines::varchar[])::json as line,
           generate_subscripts($lines::varchar[], 1) as nth
)
select $relation,
       nth + (select count(*) from action where relation = $relation),
       json_keys(line)[1] as kind,
       line -> kind ->> 'path',
       line -> kind
from line

-- name: take_checkpoint
-- Actions of a checkpoint, which come before all lines. Inputs: $relation, $file.
insert into action
select $relation,
       row_number() over (),
       kind,
       body ->> 'path',
       body
from (
    select unnest([{'kind': 'protocol', 'body': to_json(protocol)}, {'kind': 'metaData', 'body': to_json(metaData)},
                   {'kind': 'add', 'body': to_json(add)}, {'kind': 'remove', 'body': to_json(remove)}], recursive := true)
    from read_parquet($file, hive_partitioning = false)
)
where body is not null
  and body <> 'null'

-- name: stranger
-- Grain: what a table's log says that this program does not know: a protocol beyond reader 1 and writer 2, or a path that engines read in
-- more than one way. Input: $relation.
select case
           when kind = 'protocol' then 'protocol ' || (body ->> 'minReaderVersion') || '/' || (body ->> 'minWriterVersion')
           else 'path ' || path
       end
from action
where relation = $relation
  and (kind = 'protocol' and ((body ->> 'minReaderVersion')::integer <> 1 or (body ->> 'minWriterVersion')::integer > 2)
       or path is not null and not regexp_full_match(path, 'month=[0-9-]+/bucket=[0-9]+/[0-9a-z-]+\.parquet'))

-- name: property
-- What a table says of itself by a name, if it does. Inputs: $relation, $name.
select arg_max(body -> 'configuration' ->> $name, nth)
from action
where relation = $relation
  and kind = 'metaData'

-- name: live
-- Grain: file of a relation's newest version. Input: $relation.
select path
from live
where relation = $relation
order by path

-- name: next_version
-- Grain: line of a relation's next version: what the table is, where that is new, which files go, and which come (added). No line but the
-- first: there is nothing new. Inputs: $relation, $gone, $now (milliseconds), $schema (JSON), $properties (JSON).
with is_now as (
    select kind,
           arg_max(body, nth) as body
    from action
    where relation = $relation
      and kind in ('protocol', 'metaData')
    group by kind
),
described as (
    select unnest(from_json($schema, '{"relations": [{"name": "VARCHAR", "grain": "VARCHAR", "rule": "VARCHAR", "order": ["VARCHAR"],
                      "columns": [{"name": "VARCHAR", "type": "VARCHAR", "comment": "VARCHAR"}]}]}').relations, max_depth := 2),
           from_json($schema, '{"keys": [{"name": "VARCHAR", "type": "VARCHAR", "comment": "VARCHAR"}]}').keys as keys
),
field as (
    select unnest(keys || columns, recursive := true),
           generate_subscripts(keys || columns, 1) as nth
    from described
    where name = $relation
),
metadata as (
    select coalesce(i.body ->> 'id', uuid()::varchar) as id,
           coalesce((i.body ->> 'createdTime')::bigint, $now) as created,
           d.grain || ' (' || d.rule || '); sorted by tenant, day, ' || array_to_string(d.order, ', ') || ' in each file' as description,
           (
               select json_object('type', 'struct', 'fields', to_json(list(json_object('name', name, 'type', case type
                          when 'VARCHAR' then '"string"'
                          when 'BOOLEAN' then '"boolean"'
                          when 'SMALLINT' then '"short"'
                          when 'INTEGER' then '"integer"'
                          when 'BIGINT' then '"long"'
                          when 'DATE' then '"date"'
                          when 'TIMESTAMP WITH TIME ZONE' then '"timestamp"'
                          when 'VARCHAR[]' then '{"type": "array", "elementType": "string", "containsNull": true}'
                          else error('no type of Delta for ' || type)
                      end::json, 'nullable', true, 'metadata', json_object('comment', comment)) order by nth)))
               from field
           )::varchar as schema,
           i.body as is_now
    from described as d
    left join is_now as i on i.kind = 'metaData'
    where d.name = $relation
),
line as (
    select 1 as step,
           '' as path,
           json_object('commitInfo', json_object('timestamp', $now, 'operation', 'WRITE', 'operationParameters', json_object(), 'txnId', uuid()::varchar)) as line
    union all
    select 2, '', json_object('protocol', json_object('minReaderVersion', 1, 'minWriterVersion', 2))
    where not exists (from is_now where kind = 'protocol')
    union all
    select 3, '', json_object('metaData', json_object('id', id, 'name', $relation, 'description', description, 'format', json_object('provider', 'parquet', 'options', json_object()),
        'schemaString', schema, 'partitionColumns', json_array('month', 'bucket'), 'configuration', $properties::json, 'createdTime', created))
    from metadata
    where (is_now ->> 'schemaString', is_now ->> 'description', is_now ->> 'configuration') is distinct from (schema, description, $properties::json::varchar)
    union all
    select 4, path, json_object('remove', json_object('path', path, 'deletionTimestamp', $now, 'dataChange', true, 'extendedFileMetadata', true,
        'partitionValues', body -> 'partitionValues', 'size', body -> 'size'))
    from file
    where relation = $relation
      and path in (select unnest($gone::varchar[]))
    union all
    select 5, path, json_object('add', body)
    from added
)
select line::varchar
from line
order by step, path

-- name: write_checkpoint
-- What a table is by now, in one file, without what went before $before (milliseconds). Null stands for what an action is not, as readers
-- want it. Inputs: $relation, $before, $file.
copy (
    select unnest(from_json(json_object(kind, json_merge_patch(body, '{"dataChange": false}')), '{
               "protocol": {"minReaderVersion": "INTEGER", "minWriterVersion": "INTEGER"},
               "metaData": {"id": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR",
                            "format": {"provider": "VARCHAR", "options": "MAP(VARCHAR, VARCHAR)"}, "schemaString": "VARCHAR",
                            "partitionColumns": ["VARCHAR"], "configuration": "MAP(VARCHAR, VARCHAR)", "createdTime": "BIGINT"},
               "add": {"path": "VARCHAR", "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT", "modificationTime": "BIGINT",
                       "dataChange": "BOOLEAN", "stats": "VARCHAR"},
               "remove": {"path": "VARCHAR", "deletionTimestamp": "BIGINT", "dataChange": "BOOLEAN", "extendedFileMetadata": "BOOLEAN",
                          "partitionValues": "MAP(VARCHAR, VARCHAR)", "size": "BIGINT"}
           }'))
    from (
        select kind,
               arg_max(body, nth) as body
        from action
        where relation = $relation
          and kind in ('protocol', 'metaData')
        group by kind
        union all
        select case when is_live then 'add' else 'remove' end,
               body
        from file
        where relation = $relation
          and (is_live or (body ->> 'deletionTimestamp')::bigint >= $before)
    )
) to $file (format parquet, compression zstd)

-- name: expired
-- Grain: file of a table's folder that nobody needs who reads a version that was the newest at $before (milliseconds), or a later one. What
-- no version names is left alone while it is younger: a program may be about to name it. Inputs: $relation, $files (JSON: names in the
-- folder, and when they were written), $before, $checkpoint (of the newest version that has one; -1: none has).
with listed as materialized (
    select unnest(from_json($files, '[{"name": "VARCHAR", "modified": "BIGINT"}]'), recursive := true)
),
version as materialized (
    select name,
           modified,
           regexp_extract(name, '^_delta_log/[0-9]{20}\.(json|checkpoint\.parquet)$', 1) as kind,
           case when kind <> '' then regexp_extract(name, '[0-9]{20}')::bigint end as version
    from listed
    where starts_with(name, '_delta_log/')
),
oldest as (
    select coalesce(max(version) filter (kind = 'json' and modified < $before), 0) as oldest
    from version
),
begin_at as (
    select coalesce(max(version), -1) as begin_at
    from version
    cross join oldest
    where kind = 'checkpoint.parquet'
      and version <= oldest
)
select name
from version
cross join begin_at
where version < begin_at
   or version is null and modified < $before and starts_with(name, '_delta_log/.')
union all
select name
from listed as l
left join file as f on f.relation = $relation
    and f.path = l.name
where not starts_with(l.name, '_delta_log/')
  and l.modified < $before
  and not coalesce(f.is_live or (f.body ->> 'deletionTimestamp')::bigint >= $before, false)
order by name
