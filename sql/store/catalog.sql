-- name: version
select version
from _data.store_version;

-- name: catalog
-- Grain: database that is attached: its tables, its relations (that is, views of the schema main) with the statements that make them,
-- and its macros, as lists in JSON, in the order in which they were made; of the macros the one first that others call, since a store
-- that was closed no longer knows that. One question for all: DuckDB looks through all databases whichever is asked for.
with thing as (
    select database_name,
           'table' as kind,
           table_name as name,
           null as parameters,
           null as definition,
           table_oid as made
    from duckdb_tables()
    where schema_name = '_data'
    union all
    select database_name,
           'relation',
           view_name,
           null,
           sql,
           view_oid
    from duckdb_views()
    where schema_name = 'main'
      and not internal
    union all
    select database_name,
           'macro',
           function_name,
           array_to_string(parameters, ', '),
           macro_definition,
           case when function_name = 'unit_session' then -1 else function_oid end
    from duckdb_functions()
    where schema_name = 'main'
      and function_type = 'table_macro'
      and not internal
)
select database_name,
       coalesce(to_json(list(name order by made) filter (kind = 'table')), '[]')::varchar as tables,
       coalesce(to_json(list(name order by made) filter (kind = 'relation')), '[]')::varchar as relations,
       coalesce(to_json(list(definition order by made) filter (kind = 'relation')), '[]')::varchar as statements,
       coalesce(
           to_json(list(struct_pack(name := name, parameters := parameters, definition := definition) order by made) filter (kind = 'macro')), '[]'
       )::varchar as macros
from thing
group by database_name

-- name: comment
-- Grain: comment on a view, a column of one, or a macro of the store, as the statement that makes it.
select 'comment on view ' || view_name || ' is ''' || replace(comment, '''', '''''') || ''''
from duckdb_views()
where database_name = current_database()
  and schema_name = 'main'
  and comment is not null
union all
select 'comment on column ' || c.table_name || '.' || c.column_name || ' is ''' || replace(c.comment, '''', '''''') || ''''
from duckdb_columns() as c
where c.database_name = current_database()
  and c.schema_name = 'main'
  and c.comment is not null
union all
select 'comment on macro table ' || function_name || ' is ''' || replace(comment, '''', '''''') || ''''
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_type = 'table_macro'
  and comment is not null

-- name: checkpoint
-- Write everything into the one file. Closing does so too, but says nothing where it cannot.
checkpoint

-- name: one_thread
-- While rows of a server are awaited: with more threads the one that runs a statement turns in circles until another,
-- which waits for the server, has the next rows, a core spent on nothing. And while files are written whose bytes must
-- not depend on the order in which threads write them.
set threads = 1
