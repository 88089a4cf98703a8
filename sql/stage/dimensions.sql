-- Where a source's rows wait, as read, until the slices are cut from them. In an attached database in
-- memory, not in temporary tables, because several readers fill them over connections of their own.
-- `chunk` orders the folders of an export; a GIM DB has one chunk, 0.

create schema if not exists _stage.gim;

create or replace table _stage.gim.media_type (
    chunk               integer not null,
    media_type_key      bigint not null,
    media_name_code     varchar
);

create or replace table _stage.gim.dialing_mode (
    chunk               integer not null,
    dialing_mode_key    bigint not null,
    dialing_mode_code   varchar
);

create or replace table _stage.gim.resource_ (
    chunk               integer not null,
    resource_key        bigint not null,
    resource_type_code  varchar,
    resource_name       varchar,
    employee_id         varchar,
    switch_name         varchar
);
