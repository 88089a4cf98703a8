-- The sink, version 1. Columns are in the order of the rows of `part`.
create table sink_version (
    version         integer not null
);
insert into sink_version values (1);
comment on table sink_version is 'Of these tables';

create table loaded (
    tenant          text not null,
    relation        text not null,
    month           text not null,
    sha256          text not null,
    primary key (tenant, relation, month)
);
comment on table loaded is 'Months of tables that hold a tenant''s rows, and the hash of those as they were sent: what is as before is not sent again';

create table issued_file (
    tenant          text not null,
    month           text not null,
    region          text not null,
    measure         text not null,
    period          text not null,
    revision        integer not null,
    value           bigint not null,
    state           text not null,
    file            text not null,
    sha256          text not null,
    supersedes      text,
    reason          text,
    peak_at         timestamptz,
    peak_seconds    bigint,
    issued_at       timestamptz not null,
    rules_sha256    text
);
create unique index issued_file_key on issued_file (tenant, region, measure, period, revision);
create index issued_file_month on issued_file (tenant, month);
comment on table issued_file is 'Every data file issued, revision by revision: the highest revision of a region, measure and period stands';
comment on column issued_file.tenant is 'As configured';
comment on column issued_file.month is 'YYYY-MM: calendar month of the period';
comment on column issued_file.region is 'As configured';
comment on column issued_file.measure is 'Of the seats: concurrent or enabled, with the other measures that report.measures says';
comment on column issued_file.period is 'Day, YYYY-MM-DD, or month, YYYY-MM';
comment on column issued_file.revision is 'From 1';
comment on column issued_file.value is 'Agents: the number that was issued';
comment on column issued_file.state is 'final or provisional, as the manifest says by now';
comment on column issued_file.file is 'Name in the output folder';
comment on column issued_file.sha256 is 'Of the data file, in hexadecimal';
comment on column issued_file.supersedes is 'Name of the file that it replaces; NULL: none';
comment on column issued_file.reason is 'Why it was issued anew; NULL for the first';
comment on column issued_file.peak_at is 'First second of the peak; NULL for enabled agents, and without a session';
comment on column issued_file.peak_seconds is 'Seconds of the period at the peak; NULL likewise';
comment on column issued_file.issued_at is 'When it was issued';
comment on column issued_file.rules_sha256 is 'The counting rules, in hexadecimal; NULL: issued by an older version, and not known';

create table daily_concurrent (
    tenant          text not null,
    month           text not null,
    day             date not null,
    region          text not null,
    location        text,
    agents          bigint not null,
    peak_at         timestamptz,
    peak_seconds    bigint,
    state           text not null
);
create unique index daily_concurrent_key on daily_concurrent (tenant, day, region, coalesce(location, ''));
create index daily_concurrent_month on daily_concurrent (tenant, month);
comment on table daily_concurrent is 'The daily peak, by region, and by location where location is not NULL';
comment on column daily_concurrent.tenant is 'As configured';
comment on column daily_concurrent.month is 'YYYY-MM: calendar month of the day';
comment on column daily_concurrent.day is 'Calendar date; every region reads it in its own time zone';
comment on column daily_concurrent.region is 'As configured';
comment on column daily_concurrent.location is 'As configured; NULL: the region as a whole';
comment on column daily_concurrent.agents is 'Different agents at once at the peak';
comment on column daily_concurrent.peak_at is 'First second of the peak; NULL when there was no session';
comment on column daily_concurrent.peak_seconds is 'Seconds of the day at the peak; NULL likewise';
comment on column daily_concurrent.state is 'final or provisional when it was computed';

create table enabled_daily (
    tenant          text not null,
    month           text not null,
    day             date not null,
    region          text not null,
    agents          bigint not null,
    state           text not null
);
create unique index enabled_daily_key on enabled_daily (tenant, day, region);
create index enabled_daily_month on enabled_daily (tenant, month);
comment on table enabled_daily is 'Different agents of a day and region';
comment on column enabled_daily.tenant is 'As configured';
comment on column enabled_daily.month is 'YYYY-MM: calendar month of the day';
comment on column enabled_daily.day is 'Calendar date; every region reads it in its own time zone';
comment on column enabled_daily.region is 'As configured';
comment on column enabled_daily.agents is 'Different agents of the day';
comment on column enabled_daily.state is 'final or provisional when it was computed';

create table monthly_enabled (
    tenant          text not null,
    month           text not null,
    region          text not null,
    agents          bigint not null,
    state           text not null,
    computed_at     timestamptz not null
);
create unique index monthly_enabled_key on monthly_enabled (tenant, month, region);
comment on table monthly_enabled is 'Different agents of a month and region';
comment on column monthly_enabled.tenant is 'As configured';
comment on column monthly_enabled.month is 'YYYY-MM: calendar month';
comment on column monthly_enabled.region is 'As configured';
comment on column monthly_enabled.agents is 'Different agents of the month';
comment on column monthly_enabled.state is 'final or provisional when it was computed';
comment on column monthly_enabled.computed_at is 'When it was counted';

create table monthly_concurrent (
    tenant          text not null,
    month           text not null,
    region          text not null,
    agents          bigint not null,
    peak_at         timestamptz,
    peak_seconds    bigint,
    peak_days       bigint not null,
    state           text not null,
    computed_at     timestamptz not null
);
create unique index monthly_concurrent_key on monthly_concurrent (tenant, month, region);
comment on table monthly_concurrent is 'The highest second of a month in a region';
comment on column monthly_concurrent.tenant is 'As configured';
comment on column monthly_concurrent.month is 'YYYY-MM: calendar month';
comment on column monthly_concurrent.region is 'As configured';
comment on column monthly_concurrent.agents is 'Most different agents at once in any second of the month';
comment on column monthly_concurrent.peak_at is 'First second with so many; NULL where there is no agent';
comment on column monthly_concurrent.peak_seconds is 'Seconds of the month at the peak; NULL likewise';
comment on column monthly_concurrent.peak_days is 'Days that reach it';
comment on column monthly_concurrent.state is 'final or provisional when it was computed';
comment on column monthly_concurrent.computed_at is 'When it was counted';

create table data_quality (
    tenant          text not null,
    month           text not null,
    day             date not null,
    rule            text not null,
    blocking        boolean not null,
    occurrences     bigint not null,
    examples        text[] not null
);
create unique index data_quality_key on data_quality (tenant, day, rule);
create index data_quality_month on data_quality (tenant, month);
comment on table data_quality is 'What was doubtful in a day''s rows: a row a rule and day, of rules that found nothing too';
comment on column data_quality.tenant is 'As configured';
comment on column data_quality.month is 'YYYY-MM: calendar month of the day';
comment on column data_quality.day is 'Calendar date; every region reads it in its own time zone';
comment on column data_quality.rule is 'As in data_quality of the store';
comment on column data_quality.blocking is 'Whether any occurrence keeps the tenant''s numbers from being issued';
comment on column data_quality.occurrences is 'Sessions, activities, agents or keys; 0: none';
comment on column data_quality.examples is 'Up to 20 of them, by their keys';
