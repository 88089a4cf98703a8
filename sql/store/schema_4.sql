-- The store, version 4: what a slice keeps so that nothing outside it is needed, and what each issue was counted by. Brings a
-- store of version 3 there; nothing that it holds is changed.

-- How far the source is complete (R10).

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

update _data.store_version set version = 4;
