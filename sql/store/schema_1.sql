-- The store, version 1: base tables in the schema `_data`, in epoch seconds (UTC), as the program reads
-- and writes them; views of the same things in `main`, with TIMESTAMPTZ, as an analyst reads them.
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

create view issued_file as
select region, measure, period, revision, value, state, file, sha256, supersedes, reason,
       to_timestamp(peak_ts) as peak_at, peak_seconds, to_timestamp(issued_ts) as issued_at
from _data.issued_file;

create view run as
select run_id, command, to_timestamp(started_ts) as started_at, to_timestamp(ended_ts) as ended_at,
       os_user, program, duckdb, exit_code, message, days, files, rules_sha256, previous_sha256, sha256
from _data.run;

comment on view slice is 'A day of the tenant as it was read from the source: where from, how complete, how many rows';
comment on column slice.day is 'Calendar date; every region reads it in its own time zone';
comment on column slice.state is 'final or provisional at extraction (R10)';
comment on column slice.as_of is 'Where open sessions and activities are taken to end';
comment on column slice.high_water is 'Up to when the source was complete; NULL when it could not be told';
comment on column slice.open_sessions is 'Sessions still open when the slice was read';
comment on column slice.sha256 is 'Hash over all rows of the slice in a total order';
comment on column slice.covers_from is 'First second of the day in the region where it begins first';
comment on column slice.covers_to is 'End of the day in the region where it ends last';

comment on view voice_session is 'Voice sessions of agents (R2), one row a session and slice, as read, rejected ones too; a session that crosses midnight is in both days';
comment on column voice_session.sm_res_session_fact_key is 'GIM primary key, with start_date_time_key';
comment on column voice_session.starts_at is 'Login';
comment on column voice_session.ends_at is 'Logout as GIM gives it; not to be read while is_open';
comment on column voice_session.is_open is 'Not logged out when the slice was read: counted until slice.as_of';

comment on view ocs_activity is 'Activities driven by Outbound Contact (R3), one row an activity and slice, as read';
comment on column ocs_activity.kind is 'leg (interaction_resource_fact) or preview (contact_attempt_fact)';
comment on column ocs_activity.activity_key is 'interaction_resource_id of a leg, contact_attempt_fact_key of a preview';
comment on column ocs_activity.switch_name is 'Of the DN on which the agent was reached; NULL: unknown (R5)';
comment on column ocs_activity.call_attempt_guid is 'Outbound Contact Server''s identifier of the attempt';

comment on view agent is 'Resources that appear in a slice, one row a resource and slice';
comment on column agent.agent is 'Who is counted (R6): employee_id, or # and the resource key';

comment on view qualifying_session is 'Sessions that count (R4 to R6): session x location x region; a region row exists only where the session shares a second with that region''s day';
comment on column qualifying_session.ends_at is 'End of the occupied interval (exclusive), after session_end and as_of';
comment on column qualifying_session.first_activity_key is 'The earliest activity that put the session into this location';
comment on column qualifying_session.activities is 'How many activities put the session into this location';

comment on view concurrency is 'Agents and sessions at once (R8): a step function over the whole day of each region, and of each location';
comment on column concurrency.location is 'NULL: the region as a whole';
comment on column concurrency.ends_at is 'Exclusive';
comment on column concurrency.agents is 'Different agents with a qualifying session in every second of the step';
comment on column concurrency.sessions is 'Qualifying sessions in every second of the step';

comment on view daily_concurrent is 'The daily peak (R8), by region, and by location where location is not NULL';
comment on column daily_concurrent.peak_at is 'First second of the peak; NULL when there was no session';
comment on column daily_concurrent.peak_seconds is 'How many seconds of the day are at the peak';
comment on view enabled_daily is 'Different agents of a day and region; in no data file';
comment on view monthly_enabled is 'Different agents of a month and region (R9)';
comment on view data_quality is 'What was doubtful in a slice (R11), with up to 20 example keys';
comment on column data_quality.blocking is 'Whether any occurrence keeps the tenant''s numbers from being issued';
comment on view issued_file is 'Every data file issued, revision by revision (R13)';
comment on view run is 'Every run that wrote this store, or was refused; each row carries the hash of the one before';
