-- The tables that hold rows of a day, in one text.
select string_agg(distinct c.table_name, ' ')
from duckdb_columns() as c
join duckdb_tables() as t using (database_name, schema_name, table_name)
where c.schema_name = '_data'
  and c.column_name = 'day'
  and c.data_type = 'DATE'
  and c.database_name = current_database()
