-- The spans of time that the day covers in the tenant's regions, disjoint; filled by add_span.sql.
create or replace temp table slice_span (
    start_ts    bigint not null,
    end_ts      bigint not null
)
