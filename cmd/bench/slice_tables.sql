-- Where extracted.sql finds the rows of one slice: as in seats' own store, without the day.
drop schema if exists slice cascade;
create schema slice;
create unlogged table slice.voice_session (
    resource_key    bigint not null,
    start_ts        bigint,
    end_ts          bigint,
    active_flag     smallint
);
create unlogged table slice.ocs_activity (
    resource_key    bigint not null,
    start_ts        bigint,
    end_ts          bigint,
    active_flag     smallint,
    switch_name     text
);
create unlogged table slice.other_leg (
    resource_key    bigint not null,
    start_ts        bigint,
    end_ts          bigint,
    active_flag     smallint,
    switch_name     text
);
create unlogged table slice.agent (
    resource_key    bigint not null,
    employee_id     text,
    resource_name   text
);
