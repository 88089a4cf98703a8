-- The store, version 1: base tables in the schema `_data`, in epoch seconds (UTC), as the program reads
-- and writes them; views of the same things in `main`, with TIMESTAMPTZ, as an analyst reads them.
-- What the newest version makes of them once more, or says of them in comments, stands there alone.
-- Rows are written day by day and always looked up by day, so DuckDB's zone maps stand in for indexes.

create schema _data;

create table _data.store_version (
    version         integer not null
);
insert into _data.store_version values (1);

create table _data.slice (
    day             date not null primary key,
    source          varchar not null,
    high_water      bigint,
    as_of           bigint not null,
    extracted_ts    bigint not null,
    sessions        bigint not null,
    activities      bigint not null,
    agents          bigint not null,
    open_sessions   bigint not null,
    state           varchar not null,
    sha256          varchar not null
);

create table _data.slice_span (
    day             date not null,
    start_ts        bigint not null,
    end_ts          bigint not null
);

create table _data.voice_session (
    day                     date not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint,
    end_ts                  bigint,
    active_flag             smallint,
    update_audit_key        bigint
);

create table _data.ocs_activity (
    day                     date not null,
    kind                    varchar not null,
    activity_key            bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint,
    end_ts                  bigint,
    active_flag             smallint,
    switch_name             varchar,
    call_attempt_guid       varchar,
    dialing_mode_code       varchar,
    update_audit_key        bigint
);

create table _data.agent (
    day             date not null,
    resource_key    bigint not null,
    employee_id     varchar,
    resource_name   varchar
);

create table _data.duplicate_key (
    day             date not null,
    relation        varchar not null,
    row_key         varchar not null,
    copies          bigint not null
);

create table _data.computation (
    day             date not null primary key,
    slice_sha256    varchar not null,
    rules_sha256    varchar not null,
    sql_sha256      varchar not null,
    rules           varchar not null,
    state           varchar not null,
    computed_ts     bigint not null
);

create table _data.qualifying_session (
    day                     date not null,
    region                  varchar not null,
    location                varchar not null,
    agent                   varchar not null,
    resource_key            bigint not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    start_ts                bigint not null,
    end_ts                  bigint not null,
    is_open                 boolean not null,
    first_kind              varchar not null,
    first_activity_key      bigint not null,
    first_activity_ts       bigint not null,
    activities              bigint not null
);

create table _data.concurrency (
    day             date not null,
    region          varchar not null,
    location        varchar,
    start_ts        bigint not null,
    end_ts          bigint not null,
    agents          bigint not null,
    sessions        bigint not null
);

create table _data.daily_concurrent (
    day             date not null,
    region          varchar not null,
    location        varchar,
    agents          bigint not null,
    peak_ts         bigint,
    peak_seconds    bigint,
    state           varchar not null
);

create table _data.enabled_daily (
    day             date not null,
    region          varchar not null,
    agents          bigint not null,
    state           varchar not null
);

create table _data.monthly_enabled (
    month           varchar not null,
    region          varchar not null,
    agents          bigint not null,
    state           varchar not null,
    rules_sha256    varchar not null,
    sql_sha256      varchar not null,
    slices_sha256   varchar not null,
    computed_ts     bigint not null
);

create table _data.data_quality (
    day             date not null,
    rule            varchar not null,
    blocking        boolean not null,
    occurrences     bigint not null,
    examples        varchar[] not null
);

create table _data.issued_file (
    region          varchar not null,
    measure         varchar not null,
    period          varchar not null,
    revision        integer not null,
    value           bigint not null,
    state           varchar not null,
    file            varchar not null,
    sha256          varchar not null,
    manifest_sha256 varchar not null,
    supersedes      varchar,
    reason          varchar,
    peak_ts         bigint,
    peak_seconds    bigint,
    issued_ts       bigint not null
);

create table _data.run (
    run_id          bigint not null,
    command         varchar not null,
    started_ts      bigint not null,
    ended_ts        bigint not null,
    os_user         varchar not null,
    program         varchar not null,
    duckdb          varchar not null,
    rules_sha256    varchar not null,
    exit_code       integer not null,
    message         varchar not null,
    days            varchar[] not null,
    files           varchar[] not null,
    slices          varchar[] not null,
    previous_sha256 varchar not null,
    sha256          varchar not null
);

create view slice as
select day, state, source, to_timestamp(as_of) as as_of, to_timestamp(high_water) as high_water,
       sessions, activities, agents, open_sessions, sha256, to_timestamp(extracted_ts) as extracted_at,
       (select to_timestamp(min(start_ts)) from _data.slice_span as p where p.day = s.day) as covers_from,
       (select to_timestamp(max(end_ts)) from _data.slice_span as p where p.day = s.day) as covers_to
from _data.slice as s;

create view voice_session as
select day, sm_res_session_fact_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       coalesce(active_flag, 0) <> 0 or end_ts is null as is_open, active_flag, update_audit_key
from _data.voice_session;

create view ocs_activity as
select day, kind, activity_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       switch_name, call_attempt_guid, dialing_mode_code, active_flag, update_audit_key
from _data.ocs_activity;

create view agent as
select day, resource_key, employee_id, resource_name,
       coalesce(nullif(employee_id, ''), '#' || resource_key) as agent
from _data.agent;

create view qualifying_session as
select day, region, location, agent, resource_key, sm_res_session_fact_key, start_date_time_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at, is_open,
       first_kind, first_activity_key, to_timestamp(first_activity_ts) as first_activity_at, activities
from _data.qualifying_session;

create view concurrency as
select day, region, location, to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at, agents, sessions
from _data.concurrency;

create view daily_concurrent as
select day, region, location, agents, to_timestamp(peak_ts) as peak_at, peak_seconds, state
from _data.daily_concurrent;

create view enabled_daily as
select day, region, agents, state
from _data.enabled_daily;

create view monthly_enabled as
select month, region, agents, state, to_timestamp(computed_ts) as computed_at
from _data.monthly_enabled;

create view data_quality as
select day, rule, blocking, occurrences, examples
from _data.data_quality;

create view run as
select run_id, command, to_timestamp(started_ts) as started_at, to_timestamp(ended_ts) as ended_at,
       os_user, program, duckdb, exit_code, message, days, files, rules_sha256, previous_sha256, sha256
from _data.run;
