-- Grain: switch that a location lists (R5), and whether that location is in the scope.
create or replace temp table reading_switch (
    switch_name         varchar not null,
    is_here             boolean not null
)
