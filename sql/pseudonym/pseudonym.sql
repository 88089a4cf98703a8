-- Grain: resource of a day, with what takes its place.
create or replace table pseudonym (
    resource_key    bigint not null,
    pseudonym       bigint not null,
    employee_id     varchar not null,
    resource_name   varchar not null
)
