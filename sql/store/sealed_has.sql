-- One row: whether an attached sealed month has a table. Inputs: $database, as it is attached; $table.
select count(*) > 0
from duckdb_tables()
where database_name = $database
  and schema_name = '_data'
  and table_name = $table
