-- What a transaction on the sink begins with, on PostgreSQL 12 or later: nobody waits for a statement, or for us, without end; the schema and
-- its tables are made where there are none, by one alone; and who may not write is refused here.
set local statement_timeout = '60s';
set local idle_in_transaction_session_timeout = '120s';
set local timezone = 'UTC';
do $$
declare
    name text;
    tables constant text[] := array['loaded', 'issued_file', 'daily_concurrent', 'enabled_daily', 'monthly_enabled', 'monthly_concurrent', 'data_quality'];
begin
-- Catalogues are read as rows: what names are looked up by may be older than the lock.
if not exists (select from pg_tables where schemaname = 'seats' and tablename = 'loaded') then
    perform pg_advisory_xact_lock(hashtextextended('seats sink', 0));
end if;
if not exists (select from pg_tables where schemaname = 'seats' and tablename = 'loaded') then
    -- Who may not make a schema is given one, and must be able to use it.
    if to_regnamespace('seats') is null then
        create schema seats;
    end if;

    create table seats.sink_version (
        version         integer not null
    );
    insert into seats.sink_version values (1);
    comment on table seats.sink_version is 'Of these tables';

    create table seats.loaded (
        tenant          text not null,
        relation        text not null,
        month           text not null,
        sha256          text not null,
        primary key (tenant, relation, month)
    );
    comment on table seats.loaded is 'Months of tables that hold a tenant''s rows, and the hash of those as they were sent: what is as before is not sent again';

    create table seats.issued_file (
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
        rules_sha256    text,
        primary key (tenant, month, region, measure, period, revision)
    );
    comment on table seats.issued_file is 'Every data file issued, revision by revision: the highest revision of a region, measure and period stands';
    comment on column seats.issued_file.tenant is 'As configured';
    comment on column seats.issued_file.month is 'YYYY-MM: calendar month of the period';
    comment on column seats.issued_file.region is 'As configured';
    comment on column seats.issued_file.measure is 'Of the seats: concurrent or enabled, with the other measures that report.measures says';
    comment on column seats.issued_file.period is 'Day, YYYY-MM-DD, or month, YYYY-MM';
    comment on column seats.issued_file.revision is 'From 1';
    comment on column seats.issued_file.value is 'Agents: the number that was issued';
    comment on column seats.issued_file.state is 'final or provisional, as the manifest says by now';
    comment on column seats.issued_file.file is 'Name in the output folder';
    comment on column seats.issued_file.sha256 is 'Of the data file, in hexadecimal';
    comment on column seats.issued_file.supersedes is 'Name of the file that it replaces; NULL: none';
    comment on column seats.issued_file.reason is 'Why it was issued anew; NULL for the first';
    comment on column seats.issued_file.peak_at is 'First second of the peak; NULL for enabled agents, and without a session';
    comment on column seats.issued_file.peak_seconds is 'Seconds of the period at the peak; NULL likewise';
    comment on column seats.issued_file.issued_at is 'When it was issued';
    comment on column seats.issued_file.rules_sha256 is 'The counting rules, in hexadecimal; NULL: issued by an older version, and not known';

    create table seats.daily_concurrent (
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
    create unique index daily_concurrent_key on seats.daily_concurrent (tenant, month, day, region, coalesce(location, ''));
    comment on table seats.daily_concurrent is 'The daily peak, by region, and by location where location is not NULL';
    comment on column seats.daily_concurrent.tenant is 'As configured';
    comment on column seats.daily_concurrent.month is 'YYYY-MM: calendar month of the day';
    comment on column seats.daily_concurrent.day is 'Calendar date; every region reads it in its own time zone';
    comment on column seats.daily_concurrent.region is 'As configured';
    comment on column seats.daily_concurrent.location is 'As configured; NULL: the region as a whole';
    comment on column seats.daily_concurrent.agents is 'Different agents at once at the peak';
    comment on column seats.daily_concurrent.peak_at is 'First second of the peak; NULL when there was no session';
    comment on column seats.daily_concurrent.peak_seconds is 'Seconds of the day at the peak; NULL likewise';
    comment on column seats.daily_concurrent.state is 'final or provisional when it was computed';

    create table seats.enabled_daily (
        tenant          text not null,
        month           text not null,
        day             date not null,
        region          text not null,
        agents          bigint not null,
        state           text not null,
        primary key (tenant, month, day, region)
    );
    comment on table seats.enabled_daily is 'Different agents of a day and region';
    comment on column seats.enabled_daily.tenant is 'As configured';
    comment on column seats.enabled_daily.month is 'YYYY-MM: calendar month of the day';
    comment on column seats.enabled_daily.day is 'Calendar date; every region reads it in its own time zone';
    comment on column seats.enabled_daily.region is 'As configured';
    comment on column seats.enabled_daily.agents is 'Different agents of the day';
    comment on column seats.enabled_daily.state is 'final or provisional when it was computed';

    create table seats.monthly_enabled (
        tenant          text not null,
        month           text not null,
        region          text not null,
        agents          bigint not null,
        state           text not null,
        computed_at     timestamptz not null,
        primary key (tenant, month, region)
    );
    comment on table seats.monthly_enabled is 'Different agents of a month and region';
    comment on column seats.monthly_enabled.tenant is 'As configured';
    comment on column seats.monthly_enabled.month is 'YYYY-MM: calendar month';
    comment on column seats.monthly_enabled.region is 'As configured';
    comment on column seats.monthly_enabled.agents is 'Different agents of the month';
    comment on column seats.monthly_enabled.state is 'final or provisional when it was computed';
    comment on column seats.monthly_enabled.computed_at is 'When it was counted';

    create table seats.monthly_concurrent (
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
    comment on table seats.monthly_concurrent is 'The highest second of a month in a region';
    comment on column seats.monthly_concurrent.tenant is 'As configured';
    comment on column seats.monthly_concurrent.month is 'YYYY-MM: calendar month';
    comment on column seats.monthly_concurrent.region is 'As configured';
    comment on column seats.monthly_concurrent.agents is 'Most different agents at once in any second of the month';
    comment on column seats.monthly_concurrent.peak_at is 'First second with so many; NULL where there is no agent';
    comment on column seats.monthly_concurrent.peak_seconds is 'Seconds of the month at the peak; NULL likewise';
    comment on column seats.monthly_concurrent.peak_days is 'Days that reach it';
    comment on column seats.monthly_concurrent.state is 'final or provisional when it was computed';
    comment on column seats.monthly_concurrent.computed_at is 'When it was counted';

    create table seats.data_quality (
        tenant          text not null,
        month           text not null,
        day             date not null,
        rule            text not null,
        blocking        boolean not null,
        occurrences     bigint not null,
        examples        text[] not null,
        primary key (tenant, month, day, rule)
    );
    comment on table seats.data_quality is 'What was doubtful in a day''s rows: a row a rule and day, of rules that found nothing too';
    comment on column seats.data_quality.tenant is 'As configured';
    comment on column seats.data_quality.month is 'YYYY-MM: calendar month of the day';
    comment on column seats.data_quality.day is 'Calendar date; every region reads it in its own time zone';
    comment on column seats.data_quality.rule is 'As in data_quality of the store';
    comment on column seats.data_quality.blocking is 'Whether any occurrence keeps the tenant''s numbers from being issued';
    comment on column seats.data_quality.occurrences is 'Sessions, activities, agents or keys; 0: none';
    comment on column seats.data_quality.examples is 'Up to 20 of them, by their keys';
end if;
if (select version from seats.sink_version) <> 1 then
    raise exception 'the tables of the schema seats are of version %, and this program''s of 1: use the program that made them, or another database',
        (select version from seats.sink_version);
end if;
foreach name in array tables loop
    execute format('delete from seats.%I where false', name);
    execute format('insert into seats.%1$I select * from seats.%1$I where false', name);
end loop;
end
$$;
