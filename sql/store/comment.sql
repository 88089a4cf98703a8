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
