-- The store, version 4: what a slice keeps so that nothing outside it is needed, and what each issue was counted by. Brings a
-- store of version 3 there; nothing that it holds is changed.

-- How far the source is complete (R10).

-- Rows beside the slice's own that tell where it belongs or ends (R3, R5, R6).

create table _data.other_leg (
    day                     date not null,
    activity_key            bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint not null,
    end_ts                  bigint,
    active_flag             smallint,
    switch_name             varchar not null,
    update_audit_key        bigint
);

create table _data.other_session (
    day                     date not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint not null,
    end_ts                  bigint,
    active_flag             smallint,
    update_audit_key        bigint
);

create view other_leg as
select day, activity_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       switch_name, active_flag, update_audit_key
from _data.other_leg;

create view other_session as
select day, sm_res_session_fact_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       coalesce(active_flag, 0) <> 0 or end_ts is null as is_open, active_flag, update_audit_key
from _data.other_session;

comment on view other_leg is 'Legs, driven by Outbound Contact or not, that tell the switch of a voice session of the slice whose own activities know none (R5): of each such session and switch the earliest, as read. They qualify nothing. Those of a sealed month are in its file';
comment on column other_leg.day is 'Calendar date; every region reads it in its own time zone';
comment on column other_leg.activity_key is 'interaction_resource_id; GIM primary key, with start_date_time_key';
comment on column other_leg.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column other_leg.resource_key is 'Of the agent: that of the session';
comment on column other_leg.starts_at is 'Its start';
comment on column other_leg.ends_at is 'Its end as GIM gives it; where it is NULL, or active_flag not 0: counted until the end of the session in which it started (R3)';
comment on column other_leg.switch_name is 'Of the DN on which the agent was reached';
comment on column other_leg.active_flag is 'GIM: not 0 while it goes on';
comment on column other_leg.update_audit_key is 'GIM: which transaction wrote the row last';
comment on view other_session is 'Voice sessions outside the slice in which an activity of it without an end, or an other leg without one, started: it ends with them (R3). As read; they are not counted. Those of a sealed month are in its file';
comment on column other_session.day is 'Calendar date; every region reads it in its own time zone';
comment on column other_session.sm_res_session_fact_key is 'GIM primary key, with start_date_time_key';
comment on column other_session.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column other_session.resource_key is 'Of the agent';
comment on column other_session.starts_at is 'Login';
comment on column other_session.ends_at is 'Logout as GIM gives it; not to be read while is_open';
comment on column other_session.is_open is 'Not logged out when the slice was read: lasts until slice.as_of';
comment on column other_session.active_flag is 'GIM: not 0 while it goes on';
comment on column other_session.update_audit_key is 'GIM: which transaction wrote the row last';

comment on view agent is 'Resources that appear in a slice, and all other resource keys of the same employees: exclude_agents is looked for in all of them (R6). One row a resource and slice';
comment on column slice.as_of is 'Where open sessions are taken to end, and activities without an end that started in no session';
comment on column ocs_activity.ends_at is 'Its end as GIM gives it; where it is NULL, or active_flag not 0: counted until the end of the session in which it started, or until slice.as_of where it started in none (R3)';

-- What issues were counted by (R9, R13).

-- What keeps and drops rows.

update _data.store_version set version = 4;
