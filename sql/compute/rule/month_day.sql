-- Grain: region of the tenant and day that its month is counted from (R9): not one that the zone skipped, nor one after the region's last.
create or replace temp table rule_month_day (
    region              varchar not null,
    day                 date not null
)
