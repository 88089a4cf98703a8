-- Grain: macro of a store that is attached: its database, its name, its parameters, and the query that it stands for.
select database_name,
       function_name,
       array_to_string(parameters, ', '),
       macro_definition
from duckdb_functions()
where schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_oid
