-- name: transaction
-- One row: what this transaction is by the server's own word, on which server and snapshot, and when by its clock, epoch seconds. Who
-- began it may have been led elsewhere, or not been heard.
select current_database()::text as "the database",
       current_setting('transaction_read_only') as transaction_read_only,
       current_setting('transaction_isolation') as transaction_isolation,
       current_setting('TimeZone') as "TimeZone",
       current_setting('row_security') as row_security,
       current_user::text as "user",
       pg_backend_pid()::bigint as process,
       pg_postmaster_start_time()::text as "server's start",
       txid_current_snapshot()::text as snapshot,
       floor(extract(epoch from clock_timestamp()))::bigint as clock

-- name: settings
-- Grain: setting of this transaction that the server has. What its release does not know it need not be told.
-- $1: the schema, quoted; $2: how many milliseconds a statement may take; $3: how long one may wait for a lock.
select s.name,
       set_config(s.name, w.value, true)
from (values
    ('application_name', 'seats'),
    ('client_encoding', 'UTF8'),
    ('standard_conforming_strings', 'on'),
    ('TimeZone', 'UTC'),
    ('row_security', 'off'), -- a policy that would hide rows is an error
    ('search_path', $1::text), -- for functions of views: statements name it
    ('statement_timeout', $2::text),
    ('lock_timeout', $3::text),
    ('jit', 'off'), -- compiling takes longer than scanning
    ('max_parallel_workers_per_gather', '0'), -- a reader is one process of the production database, not three
    -- A reader rests while others read and while slices are cut, all within one snapshot. A client that is gone is
    -- noticed by the probes, within two minutes; one that stands still, in a day.
    ('transaction_timeout', '0'),
    ('idle_in_transaction_session_timeout', '24h'),
    ('tcp_keepalives_idle', '60'),
    ('tcp_keepalives_interval', '10'),
    ('tcp_keepalives_count', '6')
) as w (name, value)
join pg_catalog.pg_settings as s on s.name = w.name

-- name: export_snapshot
select pg_export_snapshot()

-- name: at_work
-- One row: whether the session's statement still computes. One that waits for its client, to take rows or to send
-- something, has nothing to do. $1: the process of the session, one of the own user's.
select exists (
    select
    from pg_catalog.pg_stat_activity
    where pid = $1::bigint
      and usename = current_user
      and state = 'active'
      and wait_event_type is distinct from 'Client'
) as at_work

-- name: alphabet
-- What each byte from 128 to 255 means in the database's encoding: the setting seats.alphabet of this transaction, which
-- alphabet_found.sql reads. In UTF-8, as hexadecimal digits, with commas between; nothing where a byte means nothing by
-- itself, as all do in an encoding of several bytes a character and in SQL_ASCII, and a few in most others. A block,
-- because a query cannot go on behind a byte that has no equivalent.
do $$
declare
    meanings text := '';
begin
    for byte in 128..255 loop
        begin
            meanings := meanings || encode(convert(set_byte('\x00', 0, byte), getdatabaseencoding(), 'UTF8'), 'hex');
        exception
            when untranslatable_character or character_not_in_repertoire then
                null;
        end;
        meanings := meanings || ',';
    end loop;
    perform set_config('seats.alphabet', meanings, true);
end
$$

-- name: alphabet_found
-- One row: what alphabet.sql found out, in the order of the bytes.
select array(
    select decode(meaning, 'hex')
    from unnest(string_to_array(left(current_setting('seats.alphabet'), -1), ',')) with ordinality as found (meaning, byte)
    order by byte
)

-- name: right
-- One row: what keeps the program from reading some columns. That there is no schema, or that the user may not use it; else the tables
-- and columns that are missing, the tables that may not be read, and the columns whose values are of another type than is wanted, with
-- that: of a domain it is the type below that counts, in which values are sent. And of these tables, those of which row security hides
-- rows from the user, and those that the user could change, wholly or in single columns; of the columns, those that can hold a fraction.
-- Of what is below a view nothing can be told of policies: the server refuses to read it.
-- $1: schema; $2, $3, $4: tables, columns and what is wanted of them, pairwise.
with looked as (
    select r.table_name,
           r.column_name,
           case
               when n.oid is null then 'schema'
               when not has_schema_privilege(n.oid, 'usage') then 'usage'
               when c.oid is null then 'table'
               when a.attnum is null then 'column'
               when not has_column_privilege(c.oid, a.attnum, 'select') then 'select'
               else ''
           end as lacks,
           case
               when a.attnum is null then ''
               when r.wanted in ('bigint', 'smallint') and b.oid = any ('{int2,int4,int8,numeric,float4,float8}'::regtype[]) then ''
               when r.wanted = 'varchar' and b.oid = any ('{text,varchar,bpchar}'::regtype[]) then ''
               when r.wanted = 'timestamp' and b.oid = any ('{timestamp,timestamptz}'::regtype[]) then ''
               else coalesce(format_type(a.atttypid, a.atttypmod), '')
           end as wrong_type,
           coalesce(b.typname in ('float4', 'float8') or b.typname = 'numeric' and (b.modifier < 4 or (b.modifier - 4) & 2047 <> 0), false) as may_be_fraction,
           c.relkind in ('r', 'p') and row_security_active(c.oid) is true as hides_rows,
           has_any_column_privilege(c.oid, 'insert, update') is true or has_table_privilege(c.oid, 'delete, truncate') is true as may_write
    from unnest($2::text[], $3::text[], $4::text[]) as r (table_name, column_name, wanted)
    left join pg_catalog.pg_namespace as n on n.nspname = $1::text
    left join pg_catalog.pg_class as c on c.relnamespace = n.oid
        and c.relname = r.table_name
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
    left join pg_catalog.pg_attribute as a on a.attrelid = c.oid
        and a.attname = r.column_name
        and a.attnum > 0
        and not a.attisdropped
    left join lateral (
        with recursive underlying as (
            select t.oid,
                   t.typname,
                   t.typtype,
                   t.typbasetype,
                   t.typtypmod,
                   a.atttypmod as modifier
            from pg_catalog.pg_type as t
            where t.oid = a.atttypid
            union all
            select t.oid,
                   t.typname,
                   t.typtype,
                   t.typbasetype,
                   t.typtypmod,
                   u.typtypmod
            from underlying as u
            join pg_catalog.pg_type as t on t.oid = u.typbasetype
            where u.typtype = 'd'
        )
        select u.oid,
               u.typname,
               u.modifier
        from underlying as u
        where u.typtype <> 'd'
    ) as b on true
)
select bool_or(lacks = 'schema') as no_schema,
       bool_or(lacks = 'usage') as no_usage,
       coalesce(array_agg(distinct (case lacks when 'table' then 'table ' || table_name else 'column ' || table_name || '.' || column_name end) collate "C")
                    filter (where lacks in ('table', 'column')), '{}') as missing,
       coalesce(array_agg(distinct table_name collate "C") filter (where lacks = 'select'), '{}') as unreadable,
       coalesce(array_agg(distinct (table_name || '.' || column_name || ' is ' || wrong_type) collate "C") filter (where wrong_type <> ''), '{}') as wrong_type,
       coalesce(array_agg(distinct table_name collate "C") filter (where hides_rows), '{}') as hidden,
       coalesce(array_agg(distinct table_name collate "C") filter (where may_write), '{}') as writable,
       coalesce(array_agg(table_name || '.' || column_name) filter (where may_be_fraction), '{}') as fractions
from looked
