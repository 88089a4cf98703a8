-- name: sealed_month
-- Grain: sealed month that belongs to the store, the oldest first.
select month,
       file,
       key,
       sha256,
       bytes
from _data.sealed_month
order by month

-- name: insert_sealed_month
insert into _data.sealed_month
values ($month, $file, $key, $sha256, $bytes, $sealed_ts)

-- name: delete_sealed_month
-- Grain: sealed month that the store forgets, by the name of its file.
delete from _data.sealed_month
where month = $month
returning file

-- name: sealed_before
-- One row: how often a month was sealed before, by the ledger. Input: _data.run; $month.
select count(*)
from _data.run
where contains(message, 'sealed ' || $month || ': ')

-- name: seal
-- One row: what a sealed month says of itself. The key tells it from every other file.
create schema sealing._data;
create table sealing._data.seal as
select $month::varchar as month,
       $key::varchar as key

-- name: stray_day
-- Grain: day that the sealed month attached as stray has rows of, and the store has no slice of, nor the numbers that stay when a
-- slice is dropped with age.
select day::varchar
from (
    select day
    from stray._data.voice_session
    union
    select day
    from stray._data.ocs_activity
    union
    select day
    from stray._data.concurrency
) as sealed
where day not in (select day from _data.slice)
  and day not in (select day from _data.computation)
order by day

-- name: sealing_view
-- Grain: relation of the store whose table the file that is being sealed has, as the statement that makes it.
select replace(sql, '_whole.', '_data.')
from duckdb_views()
where database_name = current_database()
  and schema_name = 'main'
  and view_name in (select table_name from duckdb_tables() where database_name = 'sealing' and schema_name = '_data')
order by view_oid

-- name: sealed_table
-- Grain: table of the sealed month that is attached as sealed: those of the version that sealed it.
select table_name
from duckdb_tables()
where database_name = 'sealed'
  and schema_name = '_data'
