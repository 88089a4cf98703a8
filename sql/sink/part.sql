-- Grain: month of a table of the sink, with its rows as JSON, whose keys are the table's columns. Asked of the tenant's store.
-- Instants are written in UTC, and rows are sorted, so that the same rows are the same text. Input: $tenant.
with issued as (
    select $tenant as tenant, substr(period, 1, 7) as month, region, measure, period, revision, value, state, file, sha256, supersedes, reason,
           strftime(make_timestamp(epoch_us(peak_at)), '%Y-%m-%dT%H:%M:%SZ') as peak_at, peak_seconds,
           strftime(make_timestamp(epoch_us(issued_at)), '%Y-%m-%dT%H:%M:%SZ') as issued_at, rules_sha256
    from issued_file
),
peaks as (
    select $tenant as tenant, strftime(day, '%Y-%m') as month, day, region, location, agents,
           strftime(make_timestamp(epoch_us(peak_at)), '%Y-%m-%dT%H:%M:%SZ') as peak_at, peak_seconds, state
    from daily_concurrent
),
days as (
    select $tenant as tenant, strftime(day, '%Y-%m') as month, day, region, agents, state
    from enabled_daily
),
months as (
    select $tenant as tenant, month, region, agents, state,
           strftime(make_timestamp(epoch_us(computed_at)), '%Y-%m-%dT%H:%M:%SZ') as computed_at
    from monthly_enabled
),
highest as (
    select $tenant as tenant, month, region, agents,
           strftime(make_timestamp(epoch_us(peak_at)), '%Y-%m-%dT%H:%M:%SZ') as peak_at, peak_seconds, peak_days, state,
           strftime(make_timestamp(epoch_us(computed_at)), '%Y-%m-%dT%H:%M:%SZ') as computed_at
    from monthly_concurrent
),
doubts as (
    select $tenant as tenant, strftime(day, '%Y-%m') as month, day, rule, blocking, occurrences, examples
    from data_quality
)
select 'issued_file' as relation, month, to_json(list(t order by t))::varchar as rows from issued as t group by month
union all
select 'daily_concurrent', month, to_json(list(t order by t))::varchar from peaks as t group by month
union all
select 'enabled_daily', month, to_json(list(t order by t))::varchar from days as t group by month
union all
select 'monthly_enabled', month, to_json(list(t order by t))::varchar from months as t group by month
union all
select 'monthly_concurrent', month, to_json(list(t order by t))::varchar from highest as t group by month
union all
select 'data_quality', month, to_json(list(t order by t))::varchar from doubts as t group by month
order by relation, month
