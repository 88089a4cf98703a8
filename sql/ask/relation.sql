-- name: described_macro
-- Grain: macro of a name, without regard to case, with what is said of it. Input: $name.
select function_name || '(' || array_to_string(parameters, ', ') || ')' as macro,
       coalesce(comment, '') as "what it answers"
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
  and lower(function_name) = lower($name)
order by function_name

-- name: described_relation
-- Grain: column of a relation of a name, without regard to case, with what is said of it. Input: $name.
select c.column_name as "column",
       c.data_type as type,
       coalesce(c.comment, '') as "what it holds"
from duckdb_views() as v
join duckdb_columns() as c on c.database_name = v.database_name
    and c.table_oid = v.view_oid
where v.database_name = current_database()
  and v.schema_name = 'main'
  and not v.internal
  and lower(v.view_name) = lower($name)
order by c.column_index

-- name: listed
-- Grain: relation of what is asked, by name, then macro, as it is called, with what is said of it.
select name,
       "what it holds"
from (
    select 1 as part,
           view_name as name,
           coalesce(comment, '') as "what it holds"
    from duckdb_views()
    where database_name = current_database()
      and schema_name = 'main'
      and not internal
    union all
    select 2,
           function_name || '(' || array_to_string(parameters, ', ') || ')',
           coalesce(comment, '')
    from duckdb_functions()
    where database_name = current_database()
      and schema_name = 'main'
      and function_type = 'table_macro'
      and not internal
)
order by part, split_part(name, '(', 1)

-- name: macro
-- Grain: macro of what is asked.
select function_name
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_type = 'table_macro'
  and not internal
order by function_name

-- name: relation
-- Grain: column of a relation of what is asked.
select v.view_name,
       c.column_name
from duckdb_views() as v
join duckdb_columns() as c on c.database_name = v.database_name
    and c.table_oid = v.view_oid
where v.database_name = current_database()
  and v.schema_name = 'main'
  and not v.internal
order by v.view_name, c.column_index
