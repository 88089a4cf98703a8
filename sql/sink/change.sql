-- Grain: table of the sink of which months are not as they were loaded, with these as JSON. A month has the hash of its rows, and the
-- rows by the names of columns; a month that the store no longer has, neither. Rows are sorted, so that the same rows are the same
-- text. Asked of the tenant's store. Inputs: $tenant; $loaded, as `loaded` gives it.
with said as (
    select 'issued_file' as relation, left(period, 7) as month, to_json(t) as line from issued_file as t
    union all
    select 'daily_concurrent', strftime(day, '%Y-%m'), to_json(t) from daily_concurrent as t
    union all
    select 'enabled_daily', strftime(day, '%Y-%m'), to_json(t) from enabled_daily as t
    union all
    select 'monthly_enabled', month, to_json(t) from monthly_enabled as t
    union all
    select 'monthly_concurrent', month, to_json(t) from monthly_concurrent as t
    union all
    select 'data_quality', strftime(day, '%Y-%m'), to_json(t) from data_quality as t
),
part as (
    select relation,
           month,
           to_json(list(json_merge_patch(line, json_object('tenant', $tenant, 'month', month)) order by line)) as rows
    from said
    group by relation, month
),
now as (
    select relation, month, sha256(rows::varchar) as sha256, rows
    from part
),
loaded as (
    select unnest(from_json($loaded, '[{"relation": "varchar", "month": "varchar", "sha256": "varchar"}]'), recursive := true)
)
select relation,
       to_json(list({'month': month, 'sha256': n.sha256, 'rows': n.rows} order by month))::varchar as months
from now as n
full join loaded as l using (relation, month)
where n.sha256 is distinct from l.sha256
group by relation
order by relation
