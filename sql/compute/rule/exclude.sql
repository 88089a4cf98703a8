-- Grain: pattern of exclude_agents (R6).
create or replace temp table rule_exclude (
    pattern             varchar not null
)
