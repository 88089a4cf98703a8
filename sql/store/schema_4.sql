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

-- What a counted session is broken down by, for the macros after it. Grain: session that counts in a region x what it
-- belongs to there: its groups, its locations, or its switches, which are those of all activities that qualify it and lead to the
-- region (R5; the locations by the counting rules of the day's computation). turn orders what one session belongs to: locations and
-- switches by the first activity that leads there.
-- An activity without an end ends with the session in which it started, and where a session's own activities know no switch, the
-- other legs tell it.
create or replace macro unit_session(of_unit, of_region, from_day, to_day) as table
with placed as (
    select *
    from _data.qualifying_session
    where region = of_region
      and day between from_day::date and to_day::date
),
counted as (
    select distinct day, agent, resource_key, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts
    from placed
),
region_rule as (
    select day,
           unnest(from_json(rules, '{"regions": [{"name": "VARCHAR", "locations": [{"switches": ["VARCHAR"]}]}]}').regions) as rule
    from _data.computation
    where of_unit = 'switch'
      and day between from_day::date and to_day::date
),
location_rule as (
    select day,
           rule.name as region,
           unnest(rule.locations).switches as switches
    from region_rule
),
listed as (
    select day,
           region,
           unnest(switches) as switch_name
    from location_rule
),
fallback as (
    select day,
           region
    from location_rule
    where len(switches) = 0
),
login as (
    select s.day,
           s.resource_key,
           s.start_ts,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(o.as_of, s.start_ts + 1) + e.last_second
               else greatest(s.end_ts + e.last_second, s.start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    ) as s
    join _data.slice as o using (day)
    join (
        select day,
               (rules ->> '$.session_end' = 'inclusive')::integer as last_second
        from _data.computation
    ) as e using (day)
    where of_unit = 'switch'
      and s.day between from_day::date and to_day::date
      and (coalesce(s.active_flag, 0) <> 0 or s.end_ts is null or s.end_ts >= s.start_ts)
),
told as (
    select day, kind, activity_key, start_date_time_key, resource_key, switch_name, start_ts, end_ts, active_flag,
           false as is_other
    from _data.ocs_activity
    union all
    select day, 'leg', activity_key, start_date_time_key, resource_key, switch_name, start_ts, end_ts, active_flag,
           true
    from _data.other_leg
),
open_end as (
    select t.day, t.kind, t.activity_key, t.start_date_time_key, t.is_other,
           max(l.until_ts) as end_ts
    from told as t
    join login as l on l.day = t.day
        and l.resource_key = t.resource_key
        and l.start_ts <= t.start_ts
        and l.until_ts > t.start_ts
    where t.day between from_day::date and to_day::date
      and (coalesce(t.active_flag, 0) <> 0 or t.end_ts is null)
    group by t.day, t.kind, t.activity_key, t.start_date_time_key, t.is_other
),
activity as (
    select a.day,
           a.resource_key,
           a.is_other,
           nullif(a.switch_name, '') as switch_name,
           struct_pack(ts := a.start_ts, kind := a.kind, key := a.activity_key) as turn,
           a.start_ts,
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then coalesce(e.end_ts, s.as_of) else a.end_ts end, a.start_ts + 1) as end_ts
    from told as a
    join _data.slice as s using (day)
    left join open_end as e using (day, kind, activity_key, start_date_time_key, is_other)
    where of_unit = 'switch'
      and a.day between from_day::date and to_day::date
      and a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null or a.end_ts >= a.start_ts)
),
met as (
    select q.*,
           a.switch_name,
           a.is_other,
           a.turn,
           coalesce(l.region, f.region) as leads_to,
           bool_or(a.switch_name is not null and not a.is_other) over (partition by q.day, q.sm_res_session_fact_key, q.start_date_time_key) as has_known,
           bool_or(a.is_other) over (partition by q.day, q.sm_res_session_fact_key, q.start_date_time_key) as has_other
    from counted as q
    join activity as a on a.day = q.day
        and a.resource_key = q.resource_key
        and a.start_ts < q.end_ts
        and a.end_ts > q.start_ts
    left join listed as l on l.day = a.day
        and l.switch_name = a.switch_name
    left join fallback as f on f.day = a.day
),
reached as (
    select day, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts,
           switch_name,
           min(turn) as turn
    from met
    where leads_to = of_region
      and case
          when has_known then switch_name is not null and not is_other
          when has_other then is_other
          else true
      end
    group by all
)
select day, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts,
       location as name,
       struct_pack(ts := first_activity_ts, kind := first_kind, key := first_activity_key) as turn
from placed
where of_unit = 'location'
union all
select r.day, r.agent, r.sm_res_session_fact_key, r.start_date_time_key, r.start_ts, r.end_ts,
       coalesce(r.switch_name, '(unknown)'),
       r.turn
from reached as r
union all
select q.day, q.agent, q.sm_res_session_fact_key, q.start_date_time_key, q.start_ts, q.end_ts,
       case when g.day is null then '(not read)' else coalesce(g.group_name, '(none)') end,
       struct_pack(ts := 0, kind := '', key := 0)
from counted as q
left join _data.session_group as g on g.day = q.day
    and g.sm_res_session_fact_key = q.sm_res_session_fact_key
    and g.start_date_time_key = q.start_date_time_key
where of_unit = 'agent_group'
union all
select null, null, null, null, null, null, error('want agent_group, location or switch, not ' || of_unit), null
where of_unit not in ('agent_group', 'location', 'switch');

create or replace macro breakdown(of_unit, of_region, on_day) as table
with unit as (
    select *
    from unit_session(of_unit, of_region, on_day, on_day)
),
bounds as (
    select min(start_ts) as start_ts,
           max(end_ts) as end_ts
    from _data.concurrency
    where day = on_day::date
      and region = of_region
      and location is null
),
presence as (
    select u.name,
           u.agent,
           greatest(u.start_ts, b.start_ts) as start_ts,
           least(u.end_ts, b.end_ts) as end_ts
    from unit as u
    cross join bounds as b
),
reaching as (
    select *,
           max(end_ts) over (
               partition by name, agent
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from presence
),
addition as (
    select name,
           greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select name, start_ts as ts, 1 as agents from addition
    union all
    select name, end_ts, -1 from addition
),
net as (
    select name, ts, sum(agents) as agents
    from change
    group by name, ts
),
curve as (
    select name,
           ts,
           sum(agents) over (partition by name order by ts)::bigint as agents
    from net
),
own as (
    select name,
           max(agents) as peak,
           min(struct_pack(fewer := -agents, ts := ts)).ts as peak_ts
    from curve
    group by name
),
seat as (
    select u.agent,
           min(struct_pack(start_ts := u.start_ts, key := u.sm_res_session_fact_key, time_key := u.start_date_time_key, turn := u.turn, name := u.name)).name as name
    from unit as u
    join _data.daily_concurrent as p on p.day = on_day::date
        and p.region = of_region
        and p.location is null
        and u.start_ts <= p.peak_ts
        and u.end_ts > p.peak_ts
    group by u.agent
),
share as (
    select name, count(*) as agents
    from seat
    group by name
),
enabled as (
    select name, count(distinct agent) as agents
    from unit
    group by name
)
select e.name,
       o.peak,
       to_timestamp(o.peak_ts) as peak_at,
       coalesce(s.agents, 0) as share_at_peak,
       e.agents as enabled
from enabled as e
join own as o using (name)
left join share as s using (name)
order by share_at_peak desc, o.peak desc, e.name;

alter table _data.slice add column lookback_seconds bigint;

create table _data.default_guid (
    day               date not null,
    call_attempt_guid varchar not null
);

create view default_guid as
select day, call_attempt_guid
from _data.default_guid;

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

create view counting_rules as
select sha256, rules
from _data.counting_rules;

create or replace view issued_file as
select region, measure, period, revision, value, state, file, sha256, supersedes, reason,
       to_timestamp(peak_ts) as peak_at, peak_seconds, to_timestamp(issued_ts) as issued_at, rules_sha256
from _data.issued_file;

-- What all of them are, for whoever looks at them.

comment on view slice is 'A day of the tenant as it was read from the source: where from, how complete, how many rows';
comment on column slice.day is 'Calendar date; every region reads it in its own time zone';
comment on column slice.state is 'final or provisional at extraction (R10)';
comment on column slice.high_water is 'Up to when the source was complete; NULL when it could not be told';
comment on column slice.open_sessions is 'Sessions still open when the slice was read';
comment on column slice.sha256 is 'Hash over all rows of the slice in a total order';
comment on column slice.covers_from is 'First second of the day in the region where it begins first';
comment on column slice.covers_to is 'End of the day in the region where it ends last';
comment on column slice.source is 'GIM DB or export folder, without credentials';
comment on column slice.sessions is 'Rows in voice_session';
comment on column slice.activities is 'Rows in ocs_activity';
comment on column slice.agents is 'Rows in agent';
comment on column slice.extracted_at is 'When it was read';
comment on column slice.as_of is 'Where open sessions are taken to end, and activities without an end that started in no session';
comment on view voice_session is 'Voice sessions of agents (R2), one row a session and slice, as read, rejected ones too; a session that crosses midnight is in both days. Those of a sealed month are in its file';
comment on column voice_session.sm_res_session_fact_key is 'GIM primary key, with start_date_time_key';
comment on column voice_session.starts_at is 'Login';
comment on column voice_session.ends_at is 'Logout as GIM gives it; not to be read while is_open';
comment on column voice_session.is_open is 'Not logged out when the slice was read: counted until slice.as_of';
comment on column voice_session.day is 'Calendar date; every region reads it in its own time zone';
comment on column voice_session.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column voice_session.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column voice_session.active_flag is 'As GIM gives it: not 0 while it goes on';
comment on column voice_session.update_audit_key is 'GIM audit key of the last change; orders copies of a row';
comment on view ocs_activity is 'Activities driven by Outbound Contact (R3), one row an activity and slice, as read. Those of a sealed month are in its file';
comment on column ocs_activity.kind is 'leg (interaction_resource_fact) or preview (contact_attempt_fact)';
comment on column ocs_activity.activity_key is 'interaction_resource_id of a leg, contact_attempt_fact_key of a preview';
comment on column ocs_activity.switch_name is 'Of the DN on which the agent was reached; NULL: unknown (R5)';
comment on column ocs_activity.call_attempt_guid is 'Outbound Contact Server''s identifier of the attempt';
comment on column ocs_activity.day is 'Calendar date; every region reads it in its own time zone';
comment on column ocs_activity.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column ocs_activity.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column ocs_activity.starts_at is 'When the call or the preview began';
comment on column ocs_activity.dialing_mode_code is 'Of a preview: PREVIEW or PUSH_PREVIEW';
comment on column ocs_activity.active_flag is 'As GIM gives it: not 0 while it goes on';
comment on column ocs_activity.update_audit_key is 'GIM audit key of the last change; orders copies of a row';
comment on column ocs_activity.ends_at is 'Its end as GIM gives it; where it is NULL, or active_flag not 0: counted until the end of the session in which it started, or until slice.as_of where it started in none (R3)';
comment on view agent is 'Resources that appear in a slice, and all other resource keys of the same employees: exclude_agents is looked for in all of them (R6). One row a resource and slice';
comment on column agent.agent is 'Who is counted (R6): employee_id, or # and the resource key';
comment on column agent.day is 'Calendar date; every region reads it in its own time zone';
comment on column agent.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column agent.employee_id is 'As in GIM; NULL or empty: the resource is counted by its key';
comment on column agent.resource_name is 'As in GIM; patterns of exclude_agents are held against it too';
comment on view qualifying_session is 'Sessions that count (R4 to R6): day x session x location x region; a region row exists only where the session shares a second with that region''s day, so one that crosses midnight is in both days. Those of a sealed month are in its file';
comment on column qualifying_session.first_activity_key is 'The earliest activity that put the session into this location';
comment on column qualifying_session.activities is 'How many activities put the session into this location';
comment on column qualifying_session.day is 'Calendar date; every region reads it in its own time zone';
comment on column qualifying_session.region is 'As configured';
comment on column qualifying_session.agent is 'Who is counted (R6)';
comment on column qualifying_session.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column qualifying_session.sm_res_session_fact_key is 'GIM primary key of the session, with start_date_time_key';
comment on column qualifying_session.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column qualifying_session.is_open is 'Not logged out when the slice was read';
comment on column qualifying_session.first_kind is 'leg or preview, of the earliest activity that put the session into this location';
comment on column qualifying_session.first_activity_at is 'When that activity began';
comment on column qualifying_session.location is 'As configured: where the session''s switches put it; one with switches of several has a row for each';
comment on column qualifying_session.starts_at is 'Login, whole: not cut to the day';
comment on column qualifying_session.ends_at is 'End of the occupied interval (exclusive), after session_end and as_of; not cut to the day';
comment on view concurrency is 'Agents and sessions at once (R8): a step function over the whole day of each region, and of each location. Those of a sealed month are in its file';
comment on column concurrency.location is 'NULL: the region as a whole';
comment on column concurrency.ends_at is 'Exclusive';
comment on column concurrency.agents is 'Different agents with a qualifying session in every second of the step';
comment on column concurrency.sessions is 'Qualifying sessions in every second of the step';
comment on column concurrency.day is 'Calendar date; every region reads it in its own time zone';
comment on column concurrency.region is 'As configured';
comment on column concurrency.starts_at is 'First second of the step';
comment on view daily_concurrent is 'The daily peak (R8), by region, and by location where location is not NULL';
comment on column daily_concurrent.peak_at is 'First second of the peak; NULL when there was no session';
comment on column daily_concurrent.peak_seconds is 'How many seconds of the day are at the peak';
comment on column daily_concurrent.day is 'Calendar date; every region reads it in its own time zone';
comment on column daily_concurrent.region is 'As configured';
comment on column daily_concurrent.location is 'As configured; NULL: the region as a whole';
comment on column daily_concurrent.agents is 'Different agents at once at the peak';
comment on column daily_concurrent.state is 'final or provisional when it was computed (R10)';
comment on view enabled_daily is 'Different agents of a day and region; in no data file';
comment on column enabled_daily.day is 'Calendar date; every region reads it in its own time zone';
comment on column enabled_daily.region is 'As configured';
comment on column enabled_daily.agents is 'Different agents of the day';
comment on column enabled_daily.state is 'final or provisional when it was computed (R10)';
comment on view monthly_enabled is 'Different agents of a month and region (R9)';
comment on column monthly_enabled.month is 'Calendar month, YYYY-MM';
comment on column monthly_enabled.region is 'As configured';
comment on column monthly_enabled.agents is 'Different agents of the month';
comment on column monthly_enabled.state is 'final or provisional when it was computed (R10)';
comment on column monthly_enabled.computed_at is 'When it was counted';
comment on view data_quality is 'What was doubtful in a slice (R11): a row a rule and day, of those that found nothing too';
comment on column data_quality.blocking is 'Whether any occurrence keeps the tenant''s numbers from being issued';
comment on column data_quality.day is 'Calendar date; every region reads it in its own time zone';
comment on column data_quality.occurrences is 'How many sessions, activities, agents or keys; 0: none';
comment on column data_quality.examples is 'Up to 20 of them: sessions by sm_res_session_fact_key, activities by kind and key, agents by what they are counted as';
comment on column data_quality.rule is 'Sessions: rejected_session (no start, or an end before it), open_session, long_session (of more than 24 hours), cut_off_session (longer than max_session_hours: days that begin so long after the login do not see it), overlapping_sessions (shares a second with an earlier one of its agent), several_regions (counts in more than one), unknown_switch (counts in the default location), unmapped_switch (has no location to go to). Activities: rejected_activity, orphan_activity (in no session of its agent), open_activity (without an end), other_key_activity (only in a session of its agent under another resource key), common_guid (attempt GUIDs that seem to stand for none: on legs of more than 5 agents, or the mapping''s default). Agents with a session: agent_without_employee_id, excluded_agent. Of the source: duplicate_key, damaged_name (bytes that mean nothing)';
comment on view run is 'Every run that wrote this store, or was refused; each row carries the hash of the one before';
comment on column run.run_id is 'From 1, without gaps';
comment on column run.command is 'What was run';
comment on column run.started_at is 'When the program began with the tenant';
comment on column run.ended_at is 'When the entry was written';
comment on column run.os_user is 'Who ran it, by the operating system';
comment on column run.program is 'Version of this program';
comment on column run.duckdb is 'Version of DuckDB';
comment on column run.message is 'What went wrong or is remarkable; empty: nothing';
comment on column run.days is 'Days that it was about';
comment on column run.files is 'Files that it issued';
comment on column run.rules_sha256 is 'Hash over the counting rules of the configuration';
comment on column run.previous_sha256 is 'sha256 of the entry before; empty for the first';
comment on column run.sha256 is 'Over this entry and previous_sha256';
comment on column run.exit_code is 'As the program''s exit status';
comment on view delivery is 'Every data file, manifest and signature that was delivered; a manifest once more where its state moved';
comment on column delivery.file is 'Name of the file as it was issued';
comment on column delivery.sha256 is 'Of the file as it was issued';
comment on column delivery.sent_as is 'Its name where it was delivered to: with .age where it was encrypted';
comment on column delivery.sent_sha256 is 'Of what was sent, and read back there';
comment on column delivery.target is 'Folder, or sftp://user@host:port and the folder there';
comment on column delivery.delivered_at is 'When it was read back there';
comment on view sealed_month is 'Closed months whose rows (voice_session, ocs_activity, agent, session_group, qualifying_session, concurrency) lie in a file of their own beside the store';
comment on column sealed_month.month is 'Calendar month, YYYY-MM';
comment on column sealed_month.file is 'Name of the file, beside the store';
comment on column sealed_month.sha256 is 'Of the file';
comment on column sealed_month.bytes is 'Of the file';
comment on column sealed_month.sealed_at is 'When it was written';
comment on macro table peak is 'The peak of a region, and of each of its locations, on a day: peak(''US'', ''2026-03-10'')';
comment on macro table concurrency_at is 'Agents and sessions at once in a second, by region and location: concurrency_at(''US'', ''2026-03-10 17:04:57Z'')';
comment on macro table agents_at is 'Who was there in a second, with the session that counts: agents_at(''US'', ''2026-03-10 17:04:57Z''); a session of several locations has several rows';
comment on macro table busiest_hours is 'Hours of the day by their highest concurrency in a range of days, in a time zone: busiest_hours(''US'', ''2026-03-01'', ''2026-03-31'', ''America/New_York'')';
comment on macro table seats_by_location is 'The highest daily peak of each location in a month, and on which day first: seats_by_location(''2026-03'')';
comment on view session_group is 'Agent groups of the voice sessions of a slice, where breakdown asks for them: session x group, by what GIM says of the session. For analysis alone: no number that is issued depends on it. Those of a sealed month are in its file';
comment on column session_group.day is 'Calendar date; every region reads it in its own time zone';
comment on column session_group.sm_res_session_fact_key is 'GIM primary key of the session, with start_date_time_key';
comment on column session_group.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column session_group.group_name is 'Of a group that the agent was in; NULL: in none. A session whose groups were not read has no row';
comment on macro table breakdown is 'Who used the seats of a region on a day, by ''agent_group'', ''location'' or ''switch'': the peak of each by itself and its first second, its share of the region''s peak in the first second of that, and its enabled agents. Shares add up to the region''s number; peaks and enabled agents do not, since an agent may belong to several';
comment on view left_out is 'Data sources of a GIM DB that were taken for switched off when a slice was read, and left out of its high water: slice x data source. None where there is no row';
comment on column left_out.day is 'Calendar date; every region reads it in its own time zone';
comment on column left_out.data_source_key is 'GIM key of the data source, in ctl_extract_history';
comment on column left_out.data_source_type is '1 T-Server, 3 Outbound Contact Server';
comment on column left_out.dap_name is 'What the GIM calls its way to the data source; empty where it does not tell';
comment on column left_out.read_up_to is 'Up to when the GIM had read the data source';
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
comment on macro table unit_session is 'Counted sessions of a region and a range of days by what they belong to: ''agent_group'', ''location'' or ''switch''; times in epoch seconds. What breakdown and enabled_by are made from';
comment on view default_guid is 'Attempt GUIDs that the GIM''s mapping of user data puts on calls that have none, as read with a slice';
comment on column default_guid.day is 'Calendar date; every region reads it in its own time zone';
comment on column default_guid.call_attempt_guid is 'ctl_ud_to_ude_mapping.default_value of GSW_CALL_ATTEMPT_GUID';
comment on macro table enabled_by is 'Enabled agents of a region in a month, by ''agent_group'', ''location'' or ''switch''; an agent who belongs to several counts in each';
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

-- A mark of the future, or in milliseconds, made days final that were not over, and no program can write such a time: what was
-- read by one was complete up to nobody knows when (R10). Two days are more than clocks are apart. Rows last: DuckDB alters no
-- table whose rows were changed before.
update _data.slice
set high_water = null,
    as_of = extracted_ts,
    state = 'provisional'
where high_water > extracted_ts + 172800;

update _data.store_version set version = 4;
