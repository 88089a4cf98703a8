-- The tables of the sink, on PostgreSQL 10 or later (docs/sink.md). What is there stays as it is. The last comment tells the version.
do $$
begin
    -- Who may not make a schema is given one, and must be able to use it.
    if to_regnamespace('seats') is null then
        create schema seats;
    end if;
end
$$;

create table if not exists seats.issued_file (
    tenant          text not null,
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
    rules_sha256    text,
    primary key (tenant, region, measure, period, revision)
);
create table if not exists seats.daily_concurrent (
    tenant          text not null,
    day             date not null,
    region          text not null,
    location        text,
    agents          bigint not null,
    peak_at         timestamptz,
    peak_seconds    bigint,
    state           text not null
);
create unique index if not exists daily_concurrent_key on seats.daily_concurrent (tenant, day, region, (coalesce(location, '')));
create table if not exists seats.enabled_daily (
    tenant          text not null,
    day             date not null,
    region          text not null,
    agents          bigint not null,
    state           text not null,
    primary key (tenant, day, region)
);
create table if not exists seats.monthly_enabled (
    tenant          text not null,
    month           text not null,
    region          text not null,
    agents          bigint not null,
    state           text not null,
    computed_at     timestamptz not null,
    primary key (tenant, month, region)
);
create table if not exists seats.monthly_concurrent (
    tenant          text not null,
    month           text not null,
    region          text not null,
    agents          bigint not null,
    peak_at         timestamptz,
    peak_seconds    bigint,
    peak_days       bigint not null,
    state           text not null,
    computed_at     timestamptz not null,
    primary key (tenant, month, region)
);
create table if not exists seats.data_quality (
    tenant          text not null,
    day             date not null,
    rule            text not null,
    blocking        boolean not null,
    occurrences     bigint not null,
    examples        text[] not null,
    primary key (tenant, day, rule)
);

comment on table seats.daily_concurrent is 'The daily peak, by region, and by location where location is not NULL';
comment on column seats.daily_concurrent.day is 'Calendar date; every region reads it in its own time zone';
comment on column seats.daily_concurrent.location is 'NULL: the region as a whole';
comment on column seats.daily_concurrent.agents is 'Different agents at once at the peak';
comment on column seats.daily_concurrent.peak_at is 'First second of the peak; NULL when there was no session';
comment on column seats.daily_concurrent.peak_seconds is 'How many seconds of the day are at the peak';
comment on column seats.daily_concurrent.state is 'final or provisional when it was computed';
comment on table seats.enabled_daily is 'Different agents of a day and region';
comment on column seats.enabled_daily.day is 'Calendar date; every region reads it in its own time zone';
comment on column seats.enabled_daily.state is 'final or provisional when it was computed';
comment on table seats.monthly_enabled is 'Different agents of a month and region';
comment on column seats.monthly_enabled.month is 'Calendar month, YYYY-MM';
comment on column seats.monthly_enabled.state is 'final or provisional when it was computed';
comment on table seats.monthly_concurrent is 'The highest second of a month in a region';
comment on column seats.monthly_concurrent.month is 'Calendar month, YYYY-MM';
comment on column seats.monthly_concurrent.peak_at is 'First second with so many; NULL where there is no agent';
comment on column seats.monthly_concurrent.peak_seconds is 'How many seconds of the month are at the peak; NULL likewise';
comment on column seats.monthly_concurrent.peak_days is 'How many days reach it';
comment on column seats.monthly_concurrent.state is 'final or provisional when it was computed';
comment on table seats.data_quality is 'What was doubtful in a day: a row a rule, of those that found nothing too';
comment on column seats.data_quality.blocking is 'Whether any occurrence keeps the numbers from being issued';
comment on column seats.data_quality.occurrences is 'How many sessions, activities, agents or keys; 0: none';
comment on column seats.data_quality.examples is 'Up to 20 of them, by their keys; agents by what they are counted as';
comment on column seats.issued_file.measure is 'concurrent or enabled';
comment on column seats.issued_file.period is 'Day, YYYY-MM-DD, or month, YYYY-MM';
comment on column seats.issued_file.revision is 'From 1; the highest one of a tenant, region, measure and period stands';
comment on column seats.issued_file.value is 'The number that was issued, of agents';
comment on column seats.issued_file.state is 'final or provisional, as the manifest says by now';
comment on column seats.issued_file.sha256 is 'Of the data file';
comment on column seats.issued_file.supersedes is 'Name of the file that it replaces; NULL: none';
comment on column seats.issued_file.reason is 'Why it was issued anew; NULL for the first';
comment on column seats.issued_file.peak_at is 'First second of the peak; NULL for enabled agents, and without a session';
comment on column seats.issued_file.peak_seconds is 'How many seconds of the period are at the peak; NULL likewise';
comment on column seats.issued_file.rules_sha256 is 'Of the counting rules that it was counted by; NULL: not known';
comment on table seats.issued_file is 'Every data file issued, revision by revision. Sink of seats, version 1';
