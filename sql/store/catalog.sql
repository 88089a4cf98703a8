-- name: version
select version
from _data.store_version;

-- name: region
-- What macros ask a region by: one that the store has nowhere is an error, which names those that it has; nothing is said by a store
-- without any.
create schema if not exists _whole;
create or replace macro _whole.region(of_region) as case
    when of_region in (select region from _data.daily_concurrent)
        or of_region in (select region from _data.contract)
        or not exists (from _data.daily_concurrent) then of_region
    else error('there is no region ' || of_region || ': there are ' || (
        select string_agg(region, ', ' order by region)
        from (
            select region
            from _data.daily_concurrent
            union
            select region
            from _data.contract
        )
    ))
end;
-- What a macro breaks down by, so that DuckDB does not know it when it plans: a prepared statement of which it leaves out a part that reads
-- a file by read_duckdb, and keeps another that does, 1.5 never comes to run.
create or replace macro _whole.unit(of_unit) as (select any_value(of_unit) from _data.store_version)

-- name: whole
-- Grain: statement by which the relations and macros of the store itself have the rows of its sealed months too, whoever opens it: by their
-- paths, so from wherever he does. What is not there is an error, and never a question without rows. Each table that is sealed has a view
-- _whole.<name>, which relations and macros ask in its place. DuckDB has read_duckdb since 1.5: an older one says that it has not.
-- Inputs: $tables, $sealed (JSON; the tables of a file that cannot be read are NULL), $state (of all this, to be found by whole_state).
with sealed as (
    select unnest(from_json($sealed, '[{"path": "VARCHAR", "tables": ["VARCHAR"]}]'), max_depth := 2)
),
base as materialized (
    select table_name as name,
           table_oid as made
    from duckdb_tables()
    where database_name = current_database()
      and schema_name = '_data'
      and table_name in (select unnest($tables::varchar[]))
),
named as (
    select '\b_data\.(' || string_agg(name, '|') || ')\b' as pattern
    from base
),
part as (
    select b.name,
           string_agg(' union all by name select * from read_duckdb(''' || replace(s.path, '''', '''''') || ''', schema_name := ''_data'', table_name := '''
               || b.name || ''')', '' order by s.path) filter (list_contains(s.tables, b.name)) as parts,
           min(s.path) filter (s.tables is null) as lost
    from base as b
    cross join sealed as s
    group by b.name
),
statement as (
    select 1 as step,
           b.made,
           'create or replace view _whole.' || b.name || ' as select * from _data.' || b.name || coalesce(
               ' where (select error(''sealed month cannot be read: ' || replace(p.lost, '''', '''''') || ''')) is null', p.parts, '') as text
    from base as b
    left join part as p using (name)
    union all
    select 2, 0, 'comment on view _whole.' || min(name) || ' is ''' || $state || ''''
    from base
    union all
    select 3, view_oid, replace(regexp_replace(sql, pattern, '_whole.\1', 'g'), 'CREATE VIEW', 'create or replace view')
    from duckdb_views()
    cross join named
    where database_name = current_database()
      and schema_name = 'main'
      and not internal
      and regexp_matches(sql, pattern)
    union all
    select 4, function_oid, 'create or replace macro ' || function_name || '(' || array_to_string(parameters, ', ') || ') as table '
           || regexp_replace(replace(regexp_replace(macro_definition, pattern, '_whole.\1', 'g'), 'of_unit = ', '_whole.unit(of_unit) = '),
               '= of_region\b', '= _whole.region(of_region)', 'g')
    from duckdb_functions()
    cross join named
    where database_name = current_database()
      and schema_name = 'main'
      and function_type = 'table_macro'
      and not internal
)
select text
from statement
order by step, made

-- name: own
-- Grain: statement that keeps contract_months for this program, of the tables to which names lead alone: whole has that of users ask sealed
-- months too, which nobody may need who tells of the newest.
select 'create or replace macro _data.contract_months(' || array_to_string(parameters, ', ') || ') as table '
       || replace(replace(macro_definition, '_whole.region(of_region)', 'of_region'), '_whole.', '_data.')
from duckdb_functions()
where database_name = current_database()
  and schema_name = 'main'
  and function_name = 'contract_months'
  and not internal

-- name: whole_state
-- One row at most: what whole was told when its views were made.
select comment
from duckdb_views()
where database_name = current_database()
  and schema_name = '_whole'
  and comment is not null

-- name: catalogue
-- This file is written anew by `seats run`. It attaches the store, or those of several tenants, and their sealed months, read-only, and
-- gives their relations and macros the names that `seats sql` knows:
--   duckdb -init FILE
--   duckdb.connect().execute(open(FILE).read())

-- name: guard
-- Grain: statement that tells, of a store that is attached, whether it is still the one that the catalogue attaches.
select 'set variable catalogue = (select error(''the sealed months of ' || database_name || ' are others by now: read the catalogue again'') '
       || 'from duckdb_views() where database_name = ''' || database_name || ''' and schema_name = ''_whole'' and comment <> ''' || comment || ''')'
from duckdb_views()
where schema_name = '_whole'
  and comment is not null
order by database_name

-- name: gather_tables
-- Grain: statement that makes the tables of stores with sealed months, which are attached to a connection with these: in the database
-- home, as views of both, in their order. One question for all of them: DuckDB looks through all databases whichever is asked for.
-- Without $relations a table that the store, of an older version, has not, is there without rows.
-- Inputs: $members (JSON), $relations.
with member as (
    select unnest(from_json($members, '[{"no": "INTEGER", "tenant": "VARCHAR", "version": "INTEGER", "live": "VARCHAR", "home": "VARCHAR",
                                         "sealed": ["VARCHAR"]}]'), max_depth := 2)
),
base as materialized (
    select database_name as database,
           table_name as name,
           table_oid as made
    from duckdb_tables()
    where schema_name = '_data'
),
statement as (
    select no, 1 as step, 0 as made, 'create schema ' || home || '._data' as text
    from member
    where home <> live
    union all
    select m.no, 2, b.made,
           'create view ' || m.home || '._data.' || b.name || ' as from ' || m.live || '._data.' || b.name || coalesce(string_agg(
               ' union all by name from ' || s.database || '._data.' || s.name, '' order by s.database), '') -- it has the tables of the version that sealed it
    from member as m
    join base as b on b.database = m.live
    left join base as s on s.name = b.name
        and s.database in m.sealed
    where m.home <> m.live
    group by m.no, m.home, m.live, b.name, b.made
    union all
    select m.no, 3, b.made, 'create view ' || m.home || '._data.' || b.name || ' as from memory._data.' || b.name || ' limit 0'
    from member as m
    join base as b on b.database = 'memory'
    where not $relations
      and b.name not in (select name from base where database = m.live)
)
select text
from statement
order by no, step, made

-- name: gather
-- Grain: statement that makes the relations of stores whose tables gather_tables made, in their order. One store shows them and its macros
-- as they are; in a set, whose stores have tenants, each relation has the rows of all and says whose, a macro that asks relations alone,
-- and not the tables behind them or other macros, whose names cannot lead to a member's own, answers for each tenant by itself, and any
-- other says that it is for one. What is shown has the comments of the newest. Names of tenants, as the configuration has them, hold no
-- quotes. Input: $members (JSON).
with member as (
    select unnest(from_json($members, '[{"no": "INTEGER", "tenant": "VARCHAR", "version": "INTEGER", "live": "VARCHAR", "home": "VARCHAR",
                                         "sealed": ["VARCHAR"]}]'), max_depth := 2)
),
newest as (
    select *
    from member
    order by version desc, no
    limit 1
),
relation as materialized (
    select m.*,
           v.view_name as name,
           v.view_oid as made,
           replace(v.sql, '_whole.', '_data.') as sql, -- the tables of home are whole
           v.comment,
           'select ' || coalesce('''' || m.tenant || ''' as tenant, ', '') || '* from ' || m.home || '.main.' || v.view_name as query
    from member as m
    join duckdb_views() as v on v.database_name = m.live
        and v.schema_name = 'main'
        and not v.internal
),
own as (
    select no,
           string_agg(name || ' as (' || query || ')', ', ' order by made) as relations -- with the tenant: an argument may be a query that asks for it
    from relation
    group by no
),
macro as materialized (
    select m.*,
           f.function_name as name,
           f.function_name not in ('unit_session', 'contract_months') as calls, -- others call it, and a store that was closed no longer knows which was made first
           f.function_oid as made,
           array_to_string(f.parameters, ', ') as parameters,
           replace(replace(replace(f.macro_definition, '_whole.region(of_region)', 'of_region'), '_whole.unit(of_unit)', 'of_unit'),
               '_whole.', '_data.') as definition,
           f.comment
    from member as m
    join duckdb_functions() as f on f.database_name = m.live
        and f.schema_name = 'main'
        and f.function_type = 'table_macro'
        and not f.internal
),
statement as (
    select no, 4 as step, 0 as made, 'use ' || home as text
    from member
    where home <> live
    union all
    select no, 5, made, sql
    from relation
    where home <> live
    union all
    select 1000000, 6, 0, 'use memory'
    union all
    select 1000000, 7, n.made, 'create view ' || n.name || ' as ' || string_agg('(' || r.query || ')', ' union all by name ' order by r.no)
    from relation as n
    semi join newest using (no)
    join relation as r using (name)
    where n.tenant is not null
    group by n.made, n.name
    union all
    select 1000000, 8 + n.calls::integer, n.made,
           'create macro ' || n.name || '(' || n.parameters || ') as table ' || case
               when n.tenant is null then regexp_replace(n.definition, '= of_region\b', '= _whole.region(of_region)', 'g')
               when contains(n.definition, '_data.') or exists (
                   from macro as other
                   where other.no = n.no
                     and contains(n.definition, other.name || '(')
               ) then 'select error(''' || n.name || ' is for one tenant at a time: name it with --tenant'')'
               else (
                   select string_agg('(with ' || o.relations || ' select ''' || m.tenant || ''' as tenant, * from (' || m.definition || '))', ' union all by name ' order by m.no)
                   from macro as m
                   join own as o using (no)
                   where m.name = n.name
               )
           end
    from macro as n
    semi join newest using (no)
    union all
    select 1000000, 10, 0, 'comment on ' || c.thing || ' is ''' || replace(c.comment, '''', '''''') || ''''
    from (
        select no, 'view ' || name as thing, comment
        from relation
        union all
        select no, 'macro table ' || name, comment
        from macro
        union all
        select r.no, 'column ' || c.table_name || '.' || c.column_name, c.comment
        from relation as r
        join duckdb_columns() as c on c.database_name = r.live
            and c.schema_name = 'main'
            and c.table_name = r.name
    ) as c
    semi join newest using (no)
    where c.comment is not null
    union all
    select 1000000, 11, made, 'comment on column ' || name || '.tenant is ''As configured'''
    from relation
    semi join newest using (no)
    where tenant is not null
)
select text
from statement
order by no, step, made

-- name: detaching
-- Grain: statement that takes away a database that is attached to a scratch store.
select 'detach ' || database_name
from duckdb_databases()
where not internal
  and database_name not in ('memory', 'batch')

-- name: batch
-- Grain: statement that gives a table of batch the rows of several stores, those of their sealed months too, and says whose. The scratch
-- store's own, without rows, has the columns that a store of an older version lacks. Names of tenants hold no quotes. Input: $members (JSON).
with source as (
    select tenant,
           unnest([live] || coalesce(sealed, [])) as database
    from (
        select unnest(from_json($members, '[{"tenant": "VARCHAR", "live": "VARCHAR", "sealed": ["VARCHAR"]}]'), max_depth := 2)
    )
),
leg as (
    select t.table_name as name,
           string_agg(' union all by name select ''' || s.tenant || ''' as tenant, * from ' || s.database || '._data.' || t.table_name, '' order by s.database) as legs
    from duckdb_tables() as t
    join source as s on s.database = t.database_name
    where t.schema_name = '_data'
    group by t.table_name
)
select 'create or replace view batch._data.' || t.table_name || ' as select null::varchar as tenant, * from memory._data.' || t.table_name || ' where false'
       || coalesce(l.legs, '')
from duckdb_tables() as t
left join leg as l on l.name = t.table_name
where t.database_name = 'memory'
  and t.schema_name = '_data'
  and t.table_name not in ('store_version', 'slice_span', 'left_out', 'default_guid', 'session_group', 'contract', 'counting_rules') -- which nobody asks of a batch

-- name: blocks
-- Grain: one row: of how many bytes a block is to be of the file that is published; 0: as it is. A column of a table takes a block at
-- least, so that small ones make a small store small; large ones hold many rows better: 30,000 are ten days of 300 agents. Inputs: $crowded
-- (room is left in it, by a month that was sealed), $small, $large (bytes).
select case
           when $crowded or block_size <> wanted then wanted
           else 0
       end
from pragma_database_size()
cross join (
    select case when (select count(*) from _data.voice_session) + (select count(*) from _data.ocs_activity) > 30_000 then $large else $small end as wanted
)
where database_name = current_database()

-- name: checkpoint
-- Write everything into the one file. Closing does so too, but says nothing where it cannot.
checkpoint

-- name: one_thread
-- While rows of a server are awaited: with more threads the one that runs a statement turns in circles until another,
-- which waits for the server, has the next rows, a core spent on nothing. And while files are written whose bytes must
-- not depend on the order in which threads write them.
set threads = 1
