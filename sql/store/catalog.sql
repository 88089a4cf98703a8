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
