-- The store, version 2: what was delivered, sealed months, and macros for the analyst. Brings a store of version 1 there; nothing that it
-- holds is changed.

create table _data.delivery (
    file            varchar not null,
    sha256          varchar not null,
    sent_as         varchar not null,
    sent_sha256     varchar not null,
    target          varchar not null,
    delivered_ts    bigint not null
);

create view delivery as
select file, sha256, sent_as, sent_sha256, target, to_timestamp(delivered_ts) as delivered_at
from _data.delivery;

comment on view delivery is 'Every data file, manifest and signature that was delivered; a manifest once more where its state moved';
comment on column delivery.file is 'Name of the file as it was issued';
comment on column delivery.sha256 is 'Of the file as it was issued';
comment on column delivery.sent_as is 'Its name where it was delivered to: with .age where it was encrypted';
comment on column delivery.sent_sha256 is 'Of what was sent, and read back there';
comment on column delivery.target is 'Folder, or sftp://user@host:port and the folder there';

create table _data.sealed_month (
    month           varchar not null primary key,
    file            varchar not null,
    key             varchar not null,
    sha256          varchar not null,
    bytes           bigint not null,
    sealed_ts       bigint not null
);

create view sealed_month as
select month, file, sha256, bytes, to_timestamp(sealed_ts) as sealed_at
from _data.sealed_month;

comment on view sealed_month is 'Closed months whose rows (voice_session, ocs_activity, agent, qualifying_session, concurrency) lie in a file of their own beside the store';
comment on column sealed_month.month is 'Calendar month, YYYY-MM';
comment on column sealed_month.file is 'Name of the file, beside the store';
comment on column sealed_month.sha256 is 'Of the file';
comment on column sealed_month.bytes is 'Of the file';
comment on column sealed_month.sealed_at is 'When it was written';

-- What everybody asks. The names of their parameters are no column's.

create macro peak(of_region, on_day) as table
select location, agents, peak_at, peak_seconds, state
from daily_concurrent
where region = of_region
  and day = on_day::date
order by location nulls first;

create macro concurrency_at(of_region, moment) as table
select day, location, agents, sessions
from concurrency
where region = of_region
  and starts_at <= moment::timestamptz
  and ends_at > moment::timestamptz
order by location nulls first;

create macro agents_at(of_region, moment) as table
select q.agent, q.location, q.starts_at, q.ends_at, q.sm_res_session_fact_key, q.activities
from qualifying_session as q
join concurrency as c on c.day = q.day
    and c.region = q.region
    and c.location is null
where q.region = of_region
  and c.starts_at <= moment::timestamptz
  and c.ends_at > moment::timestamptz
  and q.starts_at <= moment::timestamptz
  and q.ends_at > moment::timestamptz
order by q.agent, q.location, q.starts_at;

create macro busiest_hours(of_region, from_day, to_day, zone) as table
with quarter as (
    select day,
           unnest(generate_series(time_bucket(interval 15 minutes, min(starts_at)), max(ends_at) - interval 1 second, interval 15 minutes)) as quarter_at
    from concurrency
    where region = of_region
      and location is null
      and day between from_day::date and to_day::date
    group by day
),
part as (
    select extract(hour from timezone(zone, q.quarter_at)) as hour,
           q.day,
           c.agents,
           epoch(least(c.ends_at, q.quarter_at + interval 15 minutes)) - epoch(greatest(c.starts_at, q.quarter_at)) as seconds
    from quarter as q
    join concurrency as c on c.region = of_region
        and c.location is null
        and c.day = q.day
        and c.starts_at < q.quarter_at + interval 15 minutes
        and c.ends_at > q.quarter_at
)
select hour,
       max(agents) as most_agents,
       round(sum(agents * seconds) / sum(seconds), 1) as average_agents,
       count(distinct day) as days
from part
group by hour
order by most_agents desc, average_agents desc, hour;

create macro seats_by_location(of_month) as table
select region,
       location,
       max(agents) as most_agents,
       arg_min(day, row(-agents, day)) as on_day,
       round(avg(agents), 1) as average_peak,
       count(*) as days
from daily_concurrent
where location is not null
  and strftime(day, '%Y-%m') = of_month
group by region, location
order by region, location;

comment on macro table peak is 'The peak of a region, and of each of its locations, on a day: peak(''US'', ''2026-03-10'')';
comment on macro table concurrency_at is 'Agents and sessions at once in a second, by region and location: concurrency_at(''US'', ''2026-03-10 17:04:57Z'')';
comment on macro table agents_at is 'Who was there in a second, with the session that counts: agents_at(''US'', ''2026-03-10 17:04:57Z''); a session of several locations has several rows';
comment on macro table busiest_hours is 'Hours of the day by their highest concurrency in a range of days, in a time zone: busiest_hours(''US'', ''2026-03-01'', ''2026-03-31'', ''America/New_York'')';
comment on macro table seats_by_location is 'The highest daily peak of each location in a month, and on which day first: seats_by_location(''2026-03'')';

comment on view voice_session is 'Voice sessions of agents (R2), one row a session and slice, as read, rejected ones too; a session that crosses midnight is in both days. Those of a sealed month are in its file';
comment on view ocs_activity is 'Activities driven by Outbound Contact (R3), one row an activity and slice, as read. Those of a sealed month are in its file';
comment on view agent is 'Resources that appear in a slice, one row a resource and slice. Those of a sealed month are in its file';
comment on view qualifying_session is 'Sessions that count (R4 to R6): session x location x region; a region row exists only where the session shares a second with that region''s day. Those of a sealed month are in its file';
comment on view concurrency is 'Agents and sessions at once (R8): a step function over the whole day of each region, and of each location. Those of a sealed month are in its file';

-- What was not said yet of the columns of version 1.
comment on column agent.day is 'Calendar date; every region reads it in its own time zone';
comment on column agent.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column agent.employee_id is 'As in GIM; NULL or empty: the resource is counted by its key';
comment on column agent.resource_name is 'As in GIM; patterns of exclude_agents are held against it too';
comment on column concurrency.day is 'Calendar date; every region reads it in its own time zone';
comment on column concurrency.region is 'As configured';
comment on column concurrency.starts_at is 'First second of the step';
comment on column daily_concurrent.day is 'Calendar date; every region reads it in its own time zone';
comment on column daily_concurrent.region is 'As configured';
comment on column daily_concurrent.location is 'As configured; NULL: the region as a whole';
comment on column daily_concurrent.agents is 'Different agents at once at the peak';
comment on column daily_concurrent.state is 'final or provisional when it was computed (R10)';
comment on column data_quality.day is 'Calendar date; every region reads it in its own time zone';
comment on column data_quality.rule is 'Name of the rule (R11)';
comment on column data_quality.occurrences is 'How often it was met';
comment on column data_quality.examples is 'Up to 20 keys';
comment on column delivery.delivered_at is 'When it was read back there';
comment on column enabled_daily.day is 'Calendar date; every region reads it in its own time zone';
comment on column enabled_daily.region is 'As configured';
comment on column enabled_daily.agents is 'Different agents of the day';
comment on column enabled_daily.state is 'final or provisional when it was computed (R10)';
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
comment on column monthly_enabled.month is 'Calendar month, YYYY-MM';
comment on column monthly_enabled.region is 'As configured';
comment on column monthly_enabled.agents is 'Different agents of the month';
comment on column monthly_enabled.state is 'final or provisional when it was computed (R10)';
comment on column monthly_enabled.computed_at is 'When it was counted';
comment on column ocs_activity.day is 'Calendar date; every region reads it in its own time zone';
comment on column ocs_activity.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column ocs_activity.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column ocs_activity.starts_at is 'When the call or the preview began';
comment on column ocs_activity.ends_at is 'Its end as GIM gives it; NULL: none';
comment on column ocs_activity.dialing_mode_code is 'Of a preview: PREVIEW or PUSH_PREVIEW';
comment on column ocs_activity.active_flag is 'As GIM gives it: not 0 while it goes on';
comment on column ocs_activity.update_audit_key is 'GIM audit key of the last change; orders copies of a row';
comment on column qualifying_session.day is 'Calendar date; every region reads it in its own time zone';
comment on column qualifying_session.region is 'As configured';
comment on column qualifying_session.location is 'As configured: where the sessions switches put it';
comment on column qualifying_session.agent is 'Who is counted (R6)';
comment on column qualifying_session.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column qualifying_session.sm_res_session_fact_key is 'GIM primary key of the session, with start_date_time_key';
comment on column qualifying_session.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column qualifying_session.starts_at is 'Login';
comment on column qualifying_session.is_open is 'Not logged out when the slice was read';
comment on column qualifying_session.first_kind is 'leg or preview, of the earliest activity that put the session into this location';
comment on column qualifying_session.first_activity_at is 'When that activity began';
comment on column run.run_id is 'From 1, without gaps';
comment on column run.command is 'What was run';
comment on column run.started_at is 'When the program began with the tenant';
comment on column run.ended_at is 'When the entry was written';
comment on column run.os_user is 'Who ran it, by the operating system';
comment on column run.program is 'Version of this program';
comment on column run.duckdb is 'Version of DuckDB';
comment on column run.exit_code is 'As the programs exit status';
comment on column run.message is 'What went wrong or is remarkable; empty: nothing';
comment on column run.days is 'Days that it was about';
comment on column run.files is 'Files that it issued';
comment on column run.rules_sha256 is 'Hash over the counting rules of the configuration';
comment on column run.previous_sha256 is 'sha256 of the entry before; empty for the first';
comment on column run.sha256 is 'Over this entry and previous_sha256';
comment on column slice.source is 'GIM DB or export folder, without credentials';
comment on column slice.sessions is 'Rows in voice_session';
comment on column slice.activities is 'Rows in ocs_activity';
comment on column slice.agents is 'Rows in agent';
comment on column slice.extracted_at is 'When it was read';
comment on column voice_session.day is 'Calendar date; every region reads it in its own time zone';
comment on column voice_session.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column voice_session.resource_key is 'GIM key of the resource (RESOURCE_)';
comment on column voice_session.active_flag is 'As GIM gives it: not 0 while it goes on';
comment on column voice_session.update_audit_key is 'GIM audit key of the last change; orders copies of a row';

update _data.store_version set version = 2;
