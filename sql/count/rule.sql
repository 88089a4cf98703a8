-- name: rule_rule
-- What the rules need besides the slice, for the length of one computation, stands in tables like this one:
-- the configuration's part as rows, so that no statement is put together from values. Grain: one row.
create or replace temp table rule (
    as_of               bigint not null,
    end_second_counts   boolean not null
)

-- name: rule_region_day
-- Grain: region of the tenant, with its day (R7); the span is empty where the zone skipped the date.
create or replace temp table rule_region_day (
    region              varchar not null,
    start_ts            bigint not null,
    end_ts              bigint not null
)

-- name: rule_location
-- Grain: location of the tenant (R5). At most one is the default.
create or replace temp table rule_location (
    region              varchar not null,
    location            varchar not null,
    is_default          boolean not null
)

-- name: rule_switch
-- Grain: switch that a location lists (R5).
create or replace temp table rule_switch (
    switch_name         varchar not null,
    region              varchar not null,
    location            varchar not null
)

-- name: rule_exclude
-- Grain: pattern of exclude_agents (R6).
create or replace temp table rule_exclude (
    pattern             varchar not null
)

-- name: rule_region_month
-- Grain: region of the tenant, with what its month is counted from: state (R10), and a hash over the slices of its days.
create or replace temp table rule_region_month (
    region              varchar not null,
    state               varchar not null,
    slices_sha256       varchar not null
)

-- name: rule_month_day
-- Grain: region of the tenant and day that its month is counted from (R9): not one that the zone skipped, nor one after the region's last.
create or replace temp table rule_month_day (
    region              varchar not null,
    day                 date not null
)

-- name: rule_add_rule
insert into rule
values ($as_of, $end_second_counts)

-- name: rule_add_region_day
insert into rule_region_day
values ($region, $start_ts, $end_ts)

-- name: rule_add_location
insert into rule_location
values ($region, $location, $is_default)

-- name: rule_add_switch
insert into rule_switch
select unnest($switch_names::varchar[]),
       $region,
       $location

-- name: rule_add_exclude
insert into rule_exclude
values ($pattern)

-- name: rule_add_region_month
insert into rule_region_month
values ($region, $state, $slices_sha256)

-- name: rule_add_month_day
insert into rule_month_day
select $region,
       unnest($days)::date

-- name: keep_rules
-- The counting rules are kept by their hash, once. Output: _data.counting_rules. Inputs: $rules_sha256, $rules.
insert or ignore into _data.counting_rules
values ($rules_sha256, $rules)
