-- The tables of a Genesys Info Mart (GIM) 8.5 on PostgreSQL, as far as this
-- project reads them: a stand-in for the database of a real site, for tests and
-- for the simulator. A real GIM has more tables, and more columns in each.
--
-- Times: *_ts are UTC epoch seconds, *_date_time_key the epoch second at which
-- the 15-minute interval of that time begins. *_audit_key number GIM's loading
-- jobs: the higher update_audit_key is the newer state of a row. References
-- between tables are numbers without a constraint and may lead nowhere.

create table tenant (
    tenant_key                      integer not null,
    tenant_name                     varchar(255)
);

create table media_type (
    media_type_key                  integer not null,
    media_name                      varchar(64),    -- for people, in the language of the site
    media_name_code                 varchar(32),    -- for programs: VOICE, CHAT, EMAIL
    is_online                       numeric(1)
);

-- People, DNs and queues alike. The rows -1 (UNKNOWN) and -2 (NO_VALUE) stand
-- for a missing resource.
create table resource_ (
    resource_key                    integer not null,
    tenant_key                      integer,
    resource_type                   varchar(64),
    resource_type_code              varchar(32),    -- AGENT, ENDPOINT, QUEUE
    resource_subtype                varchar(64),
    resource_name                   varchar(255),
    agent_first_name                varchar(64),
    agent_last_name                 varchar(64),
    employee_id                     varchar(255),   -- people only
    switch_name                     varchar(255)    -- DNs and queues only
);

create table dialing_mode (
    dialing_mode_key                integer not null,
    dialing_mode                    varchar(64),
    dialing_mode_code               varchar(32)     -- PREDICTIVE, PROGRESSIVE, PREVIEW, PUSH_PREVIEW
);

-- Groups of agents, of places and of queues. The rows -1 and -2 stand for an
-- unknown group and for none.
create table group_ (
    group_key                       integer not null,
    tenant_key                      integer,
    group_name                      varchar(255)
);

-- Which groups a resource was in at once: a row for each of them.
create table resource_group_combination (
    group_combination_key           integer not null,
    group_key                       integer not null,
    tenant_key                      integer
);

-- An agent's login for one media type, from the first DN to the last. Written
-- at login with active_flag 1, updated at logout; until then end_ts means nothing
-- and end_date_time_key lies far in the future.
create table sm_res_session_fact (
    sm_res_session_fact_key         numeric(19) not null,
    start_date_time_key             integer     not null,
    end_date_time_key               integer     not null,
    tenant_key                      integer     not null,
    media_type_key                  integer     not null,
    resource_key                    integer     not null,
    resource_group_combination_key  integer     not null,
    create_audit_key                numeric(19) not null,
    update_audit_key                numeric(19) not null,
    start_ts                        integer,
    end_ts                          integer,
    total_duration                  integer,
    lead_clip_duration              integer,
    trail_clip_duration             integer,
    active_flag                     numeric(1)
);

-- IRF: the part that one resource (agent, queue) has in an interaction.
create table interaction_resource_fact (
    interaction_resource_id         numeric(19) not null,
    start_date_time_key             integer     not null,
    end_date_time_key               integer,
    tenant_key                      integer     not null,
    interaction_type_key            integer,
    media_type_key                  integer     not null,
    interaction_id                  numeric(19),
    interaction_sdt_key             integer,
    resource_key                    integer     not null,
    media_resource_key              integer,        -- the DN; its resource_ row names the switch
    place_key                       integer,
    start_ts                        integer,
    end_ts                          integer,
    active_flag                     numeric(1),
    create_audit_key                numeric(19) not null,
    update_audit_key                numeric(19) not null
);

-- Data attached to an IRF, joined by both columns of its key, or to a mediation
-- segment, whose number is no IRF's.
create table irf_user_data_gen_1 (
    interaction_resource_id         numeric(19) not null,
    start_date_time_key             integer     not null,
    tenant_key                      integer     not null,
    create_audit_key                numeric(19) not null default -1,
    update_audit_key                numeric(19) not null default 0,
    customer_id                     varchar(255),
    gsw_call_attempt_guid           varchar(64)     -- on the calls of Outbound Contact Server
);

-- CAF: an attempt of Outbound Contact Server to reach somebody, written once
-- when it is over.
create table contact_attempt_fact (
    contact_attempt_fact_key        numeric(19) not null,
    tenant_key                      integer     not null,
    create_audit_key                numeric(19) not null,
    update_audit_key                numeric(19) not null,
    media_type_key                  integer     not null,
    start_date_time_key             integer     not null,
    end_date_time_key               integer     not null,
    dialing_mode_key                integer     not null,
    campaign_key                    integer,
    resource_key                    integer,        -- the agent, in the preview modes
    call_attempt_id                 varchar(64),    -- the GUID of the attempt; not unique
    callid                          varchar(50),
    start_ts                        integer,
    end_ts                          integer
);

create table interaction_fact (
    interaction_id                  numeric(19) not null,
    start_date_time_key             integer     not null,
    tenant_key                      integer     not null,
    interaction_type_key            integer     not null,
    media_type_key                  integer     not null,
    media_server_ixn_guid           varchar(50),
    start_ts                        integer,
    end_ts                          integer,
    create_audit_key                numeric(19) not null,
    update_audit_key                numeric(19) not null
);

-- How far each loading job has read each of its sources. max_time repeats max_ts
-- in whatever zone GIM's server is set to.
create table ctl_extract_history (
    table_name                      varchar(255) not null,
    data_source_key                 integer      not null,
    data_source_type                integer,        -- 1 T-Server, 2 Interaction Server, 3 OCS, 4 Configuration Server
    row_count                       integer,
    max_time                        timestamp(3),
    max_ts                          integer,
    icon_dbid                       integer      not null default 0,
    dss_id                          integer,
    providertag                     integer,
    extract_start_time              timestamp(3),
    extract_end_time                timestamp(3),
    job_id                          varchar(64)  not null,
    job_name                        varchar(32),
    job_version                     varchar(64),
    dap_name                        varchar(255),
    create_audit_key                numeric(19)  not null,
    created_ts                      integer      not null
);

-- How far GIM has made facts of what it extracted: per source table and cycle. Its times are the server's own, as those of
-- ctl_extract_history are.
create table ctl_transform_history (
    job_id                          varchar(64)  not null,
    job_version                     varchar(64),
    hwm_name                        varchar(255),
    hwm_value                       numeric(19)  not null,
    hwm_value2                      varchar(255),
    transform_start_time            timestamp(3),
    transform_end_time              timestamp(3),   -- empty while it runs
    row_count                       integer,
    created_ts                      integer      not null,
    audit_key                       numeric(19)  not null
);
