-- Grain: base table of the store attached as live.
select table_name
from duckdb_tables()
where database_name = 'live'
  and schema_name = '_data'
order by table_name
