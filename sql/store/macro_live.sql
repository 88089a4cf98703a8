-- Grain: macro of the store attached as live, as the statement that makes it: the one first that others call, since a store
-- that was closed no longer knows which was made first.
select 'create macro ' || function_name || '(' || array_to_string(parameters, ', ') || ') as table ' || macro_definition
from duckdb_functions()
where database_name = 'live'
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_name <> 'unit_session',
         function_oid
