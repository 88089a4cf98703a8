-- Grain: location of the tenant (R5). At most one is the default.
create or replace temp table rule_location (
    region              varchar not null,
    location            varchar not null,
    is_default          boolean not null
)
