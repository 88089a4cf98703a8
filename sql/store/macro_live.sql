-- Grain: macro of the store attached as live, as the statement that makes it.
select 'create macro ' || function_name || '(' || array_to_string(parameters, ', ') || ') as table ' || macro_definition
from duckdb_functions()
where database_name = 'live'
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_oid
