-- name: macro
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

-- name: relation
-- Grain: column of a relation of what is asked, with what is said of both.
select v.view_name,
       coalesce(v.comment, ''),
       c.column_name,
       c.data_type,
       coalesce(c.comment, '')
from duckdb_views() as v
join duckdb_columns() as c on c.database_name = v.database_name
    and c.table_oid = v.view_oid
where v.database_name = current_database()
  and v.schema_name = 'main'
  and not v.internal
order by v.view_name, c.column_index
