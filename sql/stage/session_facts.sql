-- The session table of the stage, empty: made anew for every window that a GIM DB is asked for.
create or replace table _stage.gim.sm_res_session_fact (
    chunk                   integer not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    media_type_key          bigint,
    resource_key            bigint,
    start_ts                bigint,
    end_ts                  bigint,
    active_flag             smallint,
    update_audit_key        bigint,
    tenant_key              bigint
);
