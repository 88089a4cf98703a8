-- sql/stage/each/create.sql on media_type
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.media_type (
    chunk integer not null,
    media_type_key bigint not null,
    media_name_code varchar
)

-- sql/stage/each/create.sql on dialing_mode
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.dialing_mode (
    chunk integer not null,
    dialing_mode_key bigint not null,
    dialing_mode_code varchar
)

-- sql/stage/each/create.sql on resource_
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.resource_ (
    chunk integer not null,
    resource_key bigint not null,
    resource_type_code varchar,
    resource_name varchar,
    employee_id varchar,
    switch_name varchar
)

-- sql/stage/each/create.sql on sm_res_session_fact
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.sm_res_session_fact (
    chunk integer not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key bigint not null,
    media_type_key bigint,
    resource_key bigint,
    start_ts bigint,
    end_ts bigint,
    active_flag smallint,
    update_audit_key bigint,
    tenant_key bigint
)

-- sql/stage/each/create.sql on interaction_resource_fact
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.interaction_resource_fact (
    chunk integer not null,
    interaction_resource_id bigint not null,
    start_date_time_key bigint not null,
    resource_key bigint,
    media_resource_key bigint,
    start_ts bigint,
    end_ts bigint,
    active_flag smallint,
    update_audit_key bigint,
    tenant_key bigint
)

-- sql/stage/each/create.sql on irf_user_data_gen_1
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.irf_user_data_gen_1 (
    chunk integer not null,
    interaction_resource_id bigint not null,
    start_date_time_key bigint not null,
    gsw_call_attempt_guid varchar,
    update_audit_key bigint
)

-- sql/stage/each/create.sql on contact_attempt_fact
-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.contact_attempt_fact (
    chunk integer not null,
    contact_attempt_fact_key bigint not null,
    start_date_time_key bigint not null,
    dialing_mode_key bigint,
    resource_key bigint,
    call_attempt_id varchar,
    start_ts bigint,
    end_ts bigint,
    update_audit_key bigint,
    tenant_key bigint
)

-- sql/stage/each/load.sql on media_type
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk.
insert into _stage.gim.media_type
select $chunk::integer,
       media_type_key,
       media_name_code
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'media_type_key': 'bigint',
                 'media_name_code': 'varchar'
         })

-- sql/stage/each/load.sql on dialing_mode
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk.
insert into _stage.gim.dialing_mode
select $chunk::integer,
       dialing_mode_key,
       dialing_mode_code
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'dialing_mode_key': 'bigint',
                 'dialing_mode_code': 'varchar'
         })

-- sql/stage/each/load.sql on resource_
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk.
insert into _stage.gim.resource_
select $chunk::integer,
       resource_key,
       resource_type_code,
       resource_name,
       employee_id,
       switch_name
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'resource_key': 'bigint',
                 'resource_type_code': 'varchar',
                 'resource_name': 'varchar',
                 'employee_id': 'varchar',
                 'switch_name': 'varchar'
         })

-- sql/stage/each/load.sql on sm_res_session_fact
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.sm_res_session_fact
select $chunk::integer,
       sm_res_session_fact_key,
       start_date_time_key,
       media_type_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       tenant_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'sm_res_session_fact_key': 'bigint',
                 'start_date_time_key': 'bigint',
                 'media_type_key': 'bigint',
                 'resource_key': 'bigint',
                 'start_ts': 'bigint',
                 'end_ts': 'bigint',
                 'active_flag': 'smallint',
                 'update_audit_key': 'bigint',
                 'tenant_key': 'bigint'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or sm_res_session_fact_key is null
   or start_date_time_key is null

-- sql/stage/each/load.sql on interaction_resource_fact
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.interaction_resource_fact
select $chunk::integer,
       interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       tenant_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'interaction_resource_id': 'bigint',
                 'start_date_time_key': 'bigint',
                 'resource_key': 'bigint',
                 'media_resource_key': 'bigint',
                 'start_ts': 'bigint',
                 'end_ts': 'bigint',
                 'active_flag': 'smallint',
                 'update_audit_key': 'bigint',
                 'tenant_key': 'bigint'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or interaction_resource_id is null
   or start_date_time_key is null

-- sql/stage/each/load.sql on irf_user_data_gen_1
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.irf_user_data_gen_1
select $chunk::integer,
       interaction_resource_id,
       start_date_time_key,
       gsw_call_attempt_guid,
       update_audit_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'interaction_resource_id': 'bigint',
                 'start_date_time_key': 'bigint',
                 'gsw_call_attempt_guid': 'varchar',
                 'update_audit_key': 'bigint'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or interaction_resource_id is null
   or start_date_time_key is null

-- sql/stage/each/load.sql on contact_attempt_fact
-- Rows of one file of an export, as they stand in it; a header of any case, further columns passed over. What
-- cannot be read is not loaded but listed in reject_errors, which the loader reads next. A row with an empty key breaks the
-- table's own constraint (force_not_null is no help: DuckDB takes it for other columns where it does not read all).
-- Inputs: $file, $chunk, $key_from, $key_to.
insert into _stage.gim.contact_attempt_fact
select $chunk::integer,
       contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       tenant_key
from read_csv($file, header = true, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '',
         auto_type_candidates = ['VARCHAR'], strict_mode = true, store_rejects = true,
         types = {
                 'contact_attempt_fact_key': 'bigint',
                 'start_date_time_key': 'bigint',
                 'dialing_mode_key': 'bigint',
                 'resource_key': 'bigint',
                 'call_attempt_id': 'varchar',
                 'start_ts': 'bigint',
                 'end_ts': 'bigint',
                 'update_audit_key': 'bigint',
                 'tenant_key': 'bigint'
         })
where start_date_time_key >= $key_from
  and start_date_time_key < $key_to
   or contact_attempt_fact_key is null
   or start_date_time_key is null

-- sql/stage/each/receive.sql on media_type
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.media_type
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on dialing_mode
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.dialing_mode
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on resource_
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.resource_
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on sm_res_session_fact
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.sm_res_session_fact
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on interaction_resource_fact
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.interaction_resource_fact
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on irf_user_data_gen_1
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.irf_user_data_gen_1
select 0,
       *
from gim_rows($source)

-- sql/stage/each/receive.sql on contact_attempt_fact
-- Rows of a query on the GIM DB, as they arrive; a GIM DB is one chunk. Input: $source, the number of the query.
insert into _stage.gim.contact_attempt_fact
select 0,
       *
from gim_rows($source)

-- sql/stage/each/check.sql on media_type
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(media_type_key), coalesce(sum(media_type_key), 0)::varchar,
       count(media_name_code), coalesce(sum(strlen(media_name_code)), 0)::varchar
from _stage.gim.media_type

-- sql/stage/each/check.sql on dialing_mode
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(dialing_mode_key), coalesce(sum(dialing_mode_key), 0)::varchar,
       count(dialing_mode_code), coalesce(sum(strlen(dialing_mode_code)), 0)::varchar
from _stage.gim.dialing_mode

-- sql/stage/each/check.sql on resource_
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(resource_type_code), coalesce(sum(strlen(resource_type_code)), 0)::varchar,
       count(resource_name), coalesce(sum(strlen(resource_name)), 0)::varchar,
       count(employee_id), coalesce(sum(strlen(employee_id)), 0)::varchar,
       count(switch_name), coalesce(sum(strlen(switch_name)), 0)::varchar
from _stage.gim.resource_

-- sql/stage/each/check.sql on sm_res_session_fact
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(sm_res_session_fact_key), coalesce(sum(sm_res_session_fact_key), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(media_type_key), coalesce(sum(media_type_key), 0)::varchar,
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(start_ts), coalesce(sum(start_ts), 0)::varchar,
       count(end_ts), coalesce(sum(end_ts), 0)::varchar,
       count(active_flag), coalesce(sum(active_flag), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar,
       count(tenant_key), coalesce(sum(tenant_key), 0)::varchar
from _stage.gim.sm_res_session_fact

-- sql/stage/each/check.sql on interaction_resource_fact
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(interaction_resource_id), coalesce(sum(interaction_resource_id), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(media_resource_key), coalesce(sum(media_resource_key), 0)::varchar,
       count(start_ts), coalesce(sum(start_ts), 0)::varchar,
       count(end_ts), coalesce(sum(end_ts), 0)::varchar,
       count(active_flag), coalesce(sum(active_flag), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar,
       count(tenant_key), coalesce(sum(tenant_key), 0)::varchar
from _stage.gim.interaction_resource_fact

-- sql/stage/each/check.sql on irf_user_data_gen_1
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(interaction_resource_id), coalesce(sum(interaction_resource_id), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(gsw_call_attempt_guid), coalesce(sum(strlen(gsw_call_attempt_guid)), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar
from _stage.gim.irf_user_data_gen_1

-- sql/stage/each/check.sql on contact_attempt_fact
-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(contact_attempt_fact_key), coalesce(sum(contact_attempt_fact_key), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(dialing_mode_key), coalesce(sum(dialing_mode_key), 0)::varchar,
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(call_attempt_id), coalesce(sum(strlen(call_attempt_id)), 0)::varchar,
       count(start_ts), coalesce(sum(start_ts), 0)::varchar,
       count(end_ts), coalesce(sum(end_ts), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar,
       count(tenant_key), coalesce(sum(tenant_key), 0)::varchar
from _stage.gim.contact_attempt_fact

-- sql/stage/each/repeated.sql on resource_
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_resource_ as
with repeated as (
    select resource_key,
           count(*) as copies
    from _stage.gim.resource_
    where not $unique
    group by resource_key
    having count(*) > 1
)
select r.resource_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.resource_ as f using (resource_key)
group by r.resource_key

-- sql/stage/each/newest.sql on resource_
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.resource_
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.resource_key
                   order by f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.resource_ as f
        semi join _stage.gim.repeated_resource_ as r using (resource_key)
    )
    where age > 1
)

-- sql/stage/each/repeated.sql on sm_res_session_fact
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_sm_res_session_fact as
with repeated as (
    select sm_res_session_fact_key, start_date_time_key,
           count(*) as copies
    from _stage.gim.sm_res_session_fact
    where not $unique
    group by sm_res_session_fact_key, start_date_time_key
    having count(*) > 1
)
select r.sm_res_session_fact_key, r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.sm_res_session_fact as f using (sm_res_session_fact_key, start_date_time_key)
group by r.sm_res_session_fact_key, r.start_date_time_key

-- sql/stage/each/newest.sql on sm_res_session_fact
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.sm_res_session_fact
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.sm_res_session_fact_key, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.sm_res_session_fact as f
        semi join _stage.gim.repeated_sm_res_session_fact as r using (sm_res_session_fact_key, start_date_time_key)
    )
    where age > 1
)

-- sql/stage/each/other_tenant.sql on sm_res_session_fact
-- Rows of other tenants go, once of every row only the newest copy is left.
delete from _stage.gim.sm_res_session_fact
where tenant_key is distinct from $tenant_key::bigint

-- sql/stage/each/repeated.sql on interaction_resource_fact
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_interaction_resource_fact as
with repeated as (
    select interaction_resource_id, start_date_time_key,
           count(*) as copies
    from _stage.gim.interaction_resource_fact
    where not $unique
    group by interaction_resource_id, start_date_time_key
    having count(*) > 1
)
select r.interaction_resource_id, r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.interaction_resource_fact as f using (interaction_resource_id, start_date_time_key)
group by r.interaction_resource_id, r.start_date_time_key

-- sql/stage/each/newest.sql on interaction_resource_fact
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.interaction_resource_fact
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.interaction_resource_id, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.interaction_resource_fact as f
        semi join _stage.gim.repeated_interaction_resource_fact as r using (interaction_resource_id, start_date_time_key)
    )
    where age > 1
)

-- sql/stage/each/other_tenant.sql on interaction_resource_fact
-- Rows of other tenants go, once of every row only the newest copy is left.
delete from _stage.gim.interaction_resource_fact
where tenant_key is distinct from $tenant_key::bigint

-- sql/stage/each/repeated.sql on irf_user_data_gen_1
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_irf_user_data_gen_1 as
with repeated as (
    select interaction_resource_id, start_date_time_key,
           count(*) as copies
    from _stage.gim.irf_user_data_gen_1
    where not $unique
    group by interaction_resource_id, start_date_time_key
    having count(*) > 1
)
select r.interaction_resource_id, r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.irf_user_data_gen_1 as f using (interaction_resource_id, start_date_time_key)
group by r.interaction_resource_id, r.start_date_time_key

-- sql/stage/each/newest.sql on irf_user_data_gen_1
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.irf_user_data_gen_1
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.interaction_resource_id, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.irf_user_data_gen_1 as f
        semi join _stage.gim.repeated_irf_user_data_gen_1 as r using (interaction_resource_id, start_date_time_key)
    )
    where age > 1
)

-- sql/stage/each/repeated.sql on contact_attempt_fact
-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_contact_attempt_fact as
with repeated as (
    select contact_attempt_fact_key, start_date_time_key,
           count(*) as copies
    from _stage.gim.contact_attempt_fact
    where not $unique
    group by contact_attempt_fact_key, start_date_time_key
    having count(*) > 1
)
select r.contact_attempt_fact_key, r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.contact_attempt_fact as f using (contact_attempt_fact_key, start_date_time_key)
group by r.contact_attempt_fact_key, r.start_date_time_key

-- sql/stage/each/newest.sql on contact_attempt_fact
-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.contact_attempt_fact
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by f.contact_attempt_fact_key, f.start_date_time_key
                   order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.contact_attempt_fact as f
        semi join _stage.gim.repeated_contact_attempt_fact as r using (contact_attempt_fact_key, start_date_time_key)
    )
    where age > 1
)

-- sql/stage/each/other_tenant.sql on contact_attempt_fact
-- Rows of other tenants go, once of every row only the newest copy is left.
delete from _stage.gim.contact_attempt_fact
where tenant_key is distinct from $tenant_key::bigint

