-- Grain: macro of what is asked, as it is called.
select function_name,
       array_to_string(parameters, ', '),
       coalesce(comment, '')
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_name
