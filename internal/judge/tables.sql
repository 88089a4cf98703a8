-- What the judge works with, for as long as its transaction.

-- Resource that is an agent (R6): see person.sql.
create temp table person (
    resource_key        bigint  not null,
    agent               text    not null,
    is_excluded         boolean not null
) on commit drop;

-- Voice session (R2) of an agent that shares a second with the period in some region: see session.sql.
create temp table session (
    session_key         bigint  not null,
    start_date_time_key integer not null,
    resource_key        bigint  not null,
    agent               text    not null,
    is_excluded         boolean not null,
    is_open             boolean not null,
    start_ts            bigint  not null,
    until_ts            bigint  not null
) on commit drop;

-- OCS-driven activity (R3) of an agent, or another leg: see activity.sql.
create temp table activity (
    resource_key        bigint  not null,
    agent               text    not null,
    switch_name         text,
    start_ts            bigint  not null,
    until_ts            bigint  not null,
    is_driven           boolean not null
) on commit drop;

-- Qualifying session x location: see seat.sql.
create temp table seat (
    session_key         bigint  not null,
    start_date_time_key integer not null,
    agent               text    not null,
    start_ts            bigint  not null,
    until_ts            bigint  not null,
    region              text,
    location            text,
    activities          bigint  not null
) on commit drop;
