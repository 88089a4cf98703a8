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
