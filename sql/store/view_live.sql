-- Grain: view of the store attached as live, as the statement that makes it. It names its tables without their database.
select sql
from duckdb_views()
where database_name = 'live'
  and schema_name = 'main'
  and not internal
order by view_oid
