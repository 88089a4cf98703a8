-- Grain: region of the tenant, with what its month is counted from: state (R10), and a hash over the slices of its days.
create or replace temp table rule_region_month (
    region              varchar not null,
    state               varchar not null,
    slices_sha256       varchar not null
)
