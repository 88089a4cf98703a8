-- What the rules need besides the slice, for the length of one computation, stands in tables like this one:
-- the configuration's part as rows, so that no statement is put together from values. Grain: one row.
create or replace temp table rule (
    as_of               bigint not null,
    end_second_counts   boolean not null
)
