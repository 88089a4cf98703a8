-- Grain: macro of the store: its name, its parameters, and the query that it stands for.
select function_name,
       array_to_string(parameters, ', '),
       macro_definition
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_oid
