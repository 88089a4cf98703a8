-- The store, version 4: what a slice keeps so that nothing outside it is needed, and what each issue was counted by. Brings a
-- store of version 3 there; nothing that it holds is changed, but for times that are none.

-- How far the source is complete (R10).

create table _data.left_out (
    day              date not null,
    data_source_key  bigint not null,
    data_source_type bigint not null,
    dap_name         varchar not null,
    read_up_to       bigint not null
);

create view left_out as
select day, data_source_key, data_source_type, dap_name, to_timestamp(read_up_to) as read_up_to
from _data.left_out;

comment on view left_out is 'Data sources of a GIM DB that were taken for switched off when a slice was read, and left out of its high water: slice x data source. None where there is no row';
comment on column left_out.day is 'Calendar date; every region reads it in its own time zone';
comment on column left_out.data_source_key is 'GIM key of the data source, in ctl_extract_history';
comment on column left_out.data_source_type is '1 T-Server, 3 Outbound Contact Server';
comment on column left_out.dap_name is 'What the GIM calls its way to the data source; empty where it does not tell';
comment on column left_out.read_up_to is 'Up to when the GIM had read the data source';

-- Rows beside the slice's own that tell where it belongs or ends (R3, R5, R6).

alter table _data.slice add column lookback_seconds bigint;

create table _data.default_guid (
    day               date not null,
    call_attempt_guid varchar not null
);

create view default_guid as
select day, call_attempt_guid
from _data.default_guid;

comment on view default_guid is 'Attempt GUIDs that the GIM''s mapping of user data puts on calls that have none, as read with a slice';
comment on column default_guid.day is 'Calendar date; every region reads it in its own time zone';
comment on column default_guid.call_attempt_guid is 'ctl_ud_to_ude_mapping.default_value of GSW_CALL_ATTEMPT_GUID';

-- What issues were counted by (R9, R13).

-- What keeps and drops rows.

comment on column data_quality.rule is 'Sessions: rejected_session (no start, or an end before it), open_session, long_session (of more than 24 hours), cut_off_session (longer than max_session_hours: days that begin so long after the login do not see it), overlapping_sessions (shares a second with an earlier one of its agent), several_regions (counts in more than one), unknown_switch (counts in the default location), unmapped_switch (has no location to go to). Activities: rejected_activity, orphan_activity (in no session of its agent), common_guid (attempt GUIDs that seem to stand for none: on legs of more than 5 agents, or the mapping''s default). Agents with a session: agent_without_employee_id, excluded_agent. Of the source: duplicate_key, damaged_name (bytes that mean nothing)';

-- A mark of the future, or in milliseconds, made days final that were not over, and no program can write such a time: what was
-- read by one was complete up to nobody knows when (R10). Two days are more than clocks are apart. Rows last: DuckDB alters no
-- table whose rows were changed before.
update _data.slice
set high_water = null,
    as_of = extracted_ts,
    state = 'provisional'
where high_water > extracted_ts + 172800;

update _data.store_version set version = 4;
