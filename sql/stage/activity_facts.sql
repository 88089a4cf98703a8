-- The activity tables of the stage, empty: made anew for every part of a window that a GIM DB is asked for.

create or replace table _stage.gim.interaction_resource_fact (
    chunk                   integer not null,
    interaction_resource_id bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint,
    media_resource_key      bigint,
    start_ts                bigint,
    end_ts                  bigint,
    active_flag             smallint,
    update_audit_key        bigint,
    tenant_key              bigint
);

create or replace table _stage.gim.irf_user_data_gen_1 (
    chunk                   integer not null,
    interaction_resource_id bigint not null,
    start_date_time_key     bigint not null,
    gsw_call_attempt_guid   varchar,
    update_audit_key        bigint
);

create or replace table _stage.gim.contact_attempt_fact (
    chunk                       integer not null,
    contact_attempt_fact_key    bigint not null,
    start_date_time_key         bigint not null,
    dialing_mode_key            bigint,
    resource_key                bigint,
    call_attempt_id             varchar,
    start_ts                    bigint,
    end_ts                      bigint,
    update_audit_key            bigint,
    tenant_key                  bigint
);
