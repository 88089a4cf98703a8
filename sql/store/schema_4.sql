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

create table _data.counting_rules (
    sha256          varchar not null primary key,
    rules           varchar not null
);
insert into _data.counting_rules
select distinct rules_sha256,
                rules
from _data.computation
where sha256(rules) = rules_sha256;

-- A file issued before names the rules of its manifest as soon as a run has read them there, and where they are still known.
alter table _data.issued_file add column rules_sha256 varchar;

-- A day that was counted after its slice was read was counted with the slice's as_of.
alter table _data.computation add column as_of bigint;
update _data.computation as c
set as_of = s.as_of
from _data.slice as s
where s.day = c.day
  and c.computed_ts >= s.extracted_ts;

-- Within a month an agent is known by the newest slice's word for each resource_key (R6).
create or replace macro enabled_by(of_unit, of_region, of_month) as table
with unit as (
    select *
    from unit_session(of_unit, of_region, (of_month || '-01')::date, last_day((of_month || '-01')::date))
),
resource as (
    select distinct day, sm_res_session_fact_key, start_date_time_key, resource_key
    from _data.qualifying_session
    where region = of_region
      and day between (of_month || '-01')::date and last_day((of_month || '-01')::date)
),
word as (
    select a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    where a.day between (of_month || '-01')::date and last_day((of_month || '-01')::date)
    group by a.resource_key
)
select u.name,
       count(distinct coalesce(w.agent, u.agent)) as agents
from unit as u
left join resource as r using (day, sm_res_session_fact_key, start_date_time_key)
left join word as w using (resource_key)
group by u.name
order by agents desc, u.name;

comment on macro table enabled_by is 'Enabled agents of a region in a month, by ''agent_group'', ''location'' or ''switch''; an agent who belongs to several counts in each';

create view counting_rules as
select sha256, rules
from _data.counting_rules;

create or replace view issued_file as
select region, measure, period, revision, value, state, file, sha256, supersedes, reason,
       to_timestamp(peak_ts) as peak_at, peak_seconds, to_timestamp(issued_ts) as issued_at, rules_sha256
from _data.issued_file;

comment on view counting_rules is 'Counting rules by which a day was ever counted, by their hash, as JSON; of a month whose days were counted by several, which day by which';
comment on column counting_rules.sha256 is 'Of rules';
comment on column counting_rules.rules is 'session_end, exclude_agents, and the regions with their time zones, locations and switches, as they applied on the day; of a month of several: days, each with rules_sha256';
comment on view issued_file is 'Every data file issued, revision by revision (R13)';
comment on column issued_file.region is 'As configured';
comment on column issued_file.measure is 'concurrent or enabled';
comment on column issued_file.period is 'Day, YYYY-MM-DD, or month, YYYY-MM';
comment on column issued_file.revision is 'From 1; the highest one of a region, measure and period stands';
comment on column issued_file.value is 'The number that was issued';
comment on column issued_file.state is 'final or provisional, as the manifest says by now';
comment on column issued_file.file is 'Name in the output folder';
comment on column issued_file.sha256 is 'Of the data file';
comment on column issued_file.supersedes is 'Name of the file that it replaces; NULL: none';
comment on column issued_file.reason is 'Why it was issued anew; NULL for the first';
comment on column issued_file.peak_at is 'First second of the peak; NULL for months, and without a session';
comment on column issued_file.peak_seconds is 'How many seconds of the day are at the peak; NULL likewise';
comment on column issued_file.issued_at is 'When it was issued';
comment on column issued_file.rules_sha256 is 'The counting rules that it was counted by, in counting_rules; NULL: issued by an older version, and not known';

-- What keeps and drops rows.

comment on column data_quality.rule is 'Sessions: rejected_session (no start, or an end before it), open_session, long_session (of more than 24 hours), cut_off_session (longer than max_session_hours: days that begin so long after the login do not see it), overlapping_sessions (shares a second with an earlier one of its agent), several_regions (counts in more than one), unknown_switch (counts in the default location), unmapped_switch (has no location to go to). Activities: rejected_activity, orphan_activity (in no session of its agent), common_guid (attempt GUIDs that seem to stand for none: on legs of more than 5 agents, or the mapping''s default). Agents with a session: agent_without_employee_id, excluded_agent. Of the source: duplicate_key, damaged_name (bytes that mean nothing)';

update _data.store_version set version = 4;
