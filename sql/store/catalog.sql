-- name: version
select version
from _data.store_version;

-- name: catalog
-- Grain: table, or relation (that is, view of the schema main) of a database that is attached: the database, the name, and of a relation the
-- statement that makes it; in the order in which they were made. One question for all: DuckDB looks through all databases whichever is
-- asked for.
select database_name,
       name,
       statement
from (
    select database_name,
           table_name as name,
           null as statement,
           table_oid as made
    from duckdb_tables()
    where schema_name = '_data'
    union all
    select database_name,
           view_name,
           sql,
           view_oid
    from duckdb_views()
    where schema_name = 'main'
      and not internal
)
order by database_name,
         statement is not null,
         made

-- name: macro
-- Grain: macro of a store that is attached: its database, its name, its parameters, and the query that it stands for; the one
-- first that others call, since a store that was closed no longer knows which was made first.
select database_name,
       function_name,
       array_to_string(parameters, ', '),
       macro_definition
from duckdb_functions()
where schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_name <> 'unit_session',
         function_oid

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
