-- Grain: switch that a location lists (R5).
create or replace temp table rule_switch (
    switch_name         varchar not null,
    region              varchar not null,
    location            varchar not null
)
