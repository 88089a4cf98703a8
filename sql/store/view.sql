-- Grain: view of the store, as the statement that makes it.
select sql
from duckdb_views()
where database_name = current_database()
  and schema_name = 'main'
  and not internal
order by view_oid
