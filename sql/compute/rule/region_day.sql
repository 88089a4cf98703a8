-- Grain: region of the tenant, with its day (R7); the span is empty where the zone skipped the date.
create or replace temp table rule_region_day (
    region              varchar not null,
    start_ts            bigint not null,
    end_ts              bigint not null
)
