-- sql/store/each/drop.sql on slice
-- A day's rows go.
delete from _data.slice
where day = $day::date

-- sql/store/each/drop.sql on slice_span
-- A day's rows go.
delete from _data.slice_span
where day = $day::date

-- sql/store/each/drop.sql on voice_session
-- A day's rows go.
delete from _data.voice_session
where day = $day::date

-- sql/store/each/drop.sql on ocs_activity
-- A day's rows go.
delete from _data.ocs_activity
where day = $day::date

-- sql/store/each/drop.sql on agent
-- A day's rows go.
delete from _data.agent
where day = $day::date

-- sql/store/each/drop.sql on duplicate_key
-- A day's rows go.
delete from _data.duplicate_key
where day = $day::date

-- sql/store/each/drop.sql on qualifying_session
-- A day's rows go.
delete from _data.qualifying_session
where day = $day::date

-- sql/store/each/drop.sql on concurrency
-- A day's rows go.
delete from _data.concurrency
where day = $day::date

-- sql/store/each/drop.sql on daily_concurrent
-- A day's rows go.
delete from _data.daily_concurrent
where day = $day::date

-- sql/store/each/drop.sql on enabled_daily
-- A day's rows go.
delete from _data.enabled_daily
where day = $day::date

-- sql/store/each/drop.sql on data_quality
-- A day's rows go.
delete from _data.data_quality
where day = $day::date

-- sql/store/each/drop.sql on computation
-- A day's rows go.
delete from _data.computation
where day = $day::date

-- sql/store/each/move.sql on slice
-- A day's rows become another day's.
update _data.slice
set day = $to::date
where day = $from::date

-- sql/store/each/move.sql on slice_span
-- A day's rows become another day's.
update _data.slice_span
set day = $to::date
where day = $from::date

-- sql/store/each/move.sql on voice_session
-- A day's rows become another day's.
update _data.voice_session
set day = $to::date
where day = $from::date

-- sql/store/each/move.sql on ocs_activity
-- A day's rows become another day's.
update _data.ocs_activity
set day = $to::date
where day = $from::date

-- sql/store/each/move.sql on agent
-- A day's rows become another day's.
update _data.agent
set day = $to::date
where day = $from::date

-- sql/store/each/move.sql on duplicate_key
-- A day's rows become another day's.
update _data.duplicate_key
set day = $to::date
where day = $from::date

-- sql/store/each/take_days.sql on voice_session
-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.voice_session
select *
from published._data.voice_session
where day between $from::date and $to::date

-- sql/store/each/take_days.sql on ocs_activity
-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.ocs_activity
select *
from published._data.ocs_activity
where day between $from::date and $to::date

-- sql/store/each/take_days.sql on agent
-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.agent
select *
from published._data.agent
where day between $from::date and $to::date

-- sql/store/each/take_days.sql on duplicate_key
-- Into a scratch store, the published rows of a range of days, both included. Inputs: $from, $to.
insert into _data.duplicate_key
select *
from published._data.duplicate_key
where day between $from::date and $to::date

-- sql/store/each/take_all.sql on slice
-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.slice
select *
from published._data.slice

-- sql/store/each/take_all.sql on slice_span
-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.slice_span
select *
from published._data.slice_span

-- sql/store/each/take_all.sql on issued_file
-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.issued_file
select *
from published._data.issued_file

-- sql/store/each/take_all.sql on run
-- Into a scratch store, all published rows: of the small tables, in which the store speaks of itself.
insert into _data.run
select *
from published._data.run

-- sql/store/each/empty.sql on voice_session
-- All rows of a scratch store go.
truncate _data.voice_session

-- sql/store/each/empty.sql on ocs_activity
-- All rows of a scratch store go.
truncate _data.ocs_activity

-- sql/store/each/empty.sql on agent
-- All rows of a scratch store go.
truncate _data.agent

-- sql/store/each/empty.sql on duplicate_key
-- All rows of a scratch store go.
truncate _data.duplicate_key

-- sql/store/each/empty.sql on qualifying_session
-- All rows of a scratch store go.
truncate _data.qualifying_session

-- sql/store/each/empty.sql on concurrency
-- All rows of a scratch store go.
truncate _data.concurrency

-- sql/store/each/empty.sql on daily_concurrent
-- All rows of a scratch store go.
truncate _data.daily_concurrent

-- sql/store/each/empty.sql on enabled_daily
-- All rows of a scratch store go.
truncate _data.enabled_daily

-- sql/store/each/empty.sql on data_quality
-- All rows of a scratch store go.
truncate _data.data_quality

-- sql/store/each/empty.sql on computation
-- All rows of a scratch store go.
truncate _data.computation

-- sql/store/each/empty.sql on monthly_enabled
-- All rows of a scratch store go.
truncate _data.monthly_enabled

-- sql/store/each/keep.sql on qualifying_session
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_qualifying_session as
select *
from _data.qualifying_session

-- sql/store/each/keep.sql on concurrency
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_concurrency as
select *
from _data.concurrency

-- sql/store/each/keep.sql on daily_concurrent
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_daily_concurrent as
select *
from _data.daily_concurrent

-- sql/store/each/keep.sql on enabled_daily
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_enabled_daily as
select *
from _data.enabled_daily

-- sql/store/each/keep.sql on data_quality
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_data_quality as
select *
from _data.data_quality

-- sql/store/each/keep.sql on computation
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_computation as
select *
from _data.computation

-- sql/store/each/keep.sql on monthly_enabled
-- A scratch store's rows as they are now, for comparison with what comes.
create or replace table kept_monthly_enabled as
select *
from _data.monthly_enabled

-- sql/store/each/write_rows.sql on voice_session
-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.voice_session
    order by resource_key, start_ts, sm_res_session_fact_key, start_date_time_key
) to $file (format parquet)

-- sql/store/each/write_rows.sql on ocs_activity
-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.ocs_activity
    order by resource_key, start_ts, kind, activity_key, start_date_time_key
) to $file (format parquet)

-- sql/store/each/write_rows.sql on agent
-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.agent
    order by resource_key
) to $file (format parquet)

-- sql/store/each/write_rows.sql on duplicate_key
-- A Parquet file of a scratch store's rows, in a total order. Input: $file.
copy (
    select *
    from _data.duplicate_key
    order by relation, row_key, copies
) to $file (format parquet)

-- sql/store/each/write_days.sql on slice
-- A Parquet file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.slice
    where day between $from::date and $to::date
    order by day
) to $file (format parquet)

-- sql/store/each/write_days.sql on slice_span
-- A Parquet file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.slice_span
    where day between $from::date and $to::date
    order by day, start_ts, end_ts
) to $file (format parquet)

-- sql/store/each/write_days_csv.sql on daily_concurrent
-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.daily_concurrent
    where day between $from::date and $to::date
    order by day, region, location nulls first
) to $file (format csv, header)

-- sql/store/each/write_days_csv.sql on enabled_daily
-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.enabled_daily
    where day between $from::date and $to::date
    order by day, region
) to $file (format csv, header)

-- sql/store/each/write_days_csv.sql on data_quality
-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.data_quality
    where day between $from::date and $to::date
    order by day, rule
) to $file (format csv, header)

-- sql/store/each/write_days_csv.sql on computation
-- A CSV file of the published rows of a range of days, both included, in a total order. Inputs: $from, $to, $file.
copy (
    select *
    from published._data.computation
    where day between $from::date and $to::date
    order by day
) to $file (format csv, header)

