-- name: agreed
-- Grain: contract of the store; there may be none, and then no curve is looked at. Nor in a store that no run has opened since this
-- program keeps a macro of its own for it.
select contract
from _data.contract
where exists (
    from duckdb_schemas()
    where database_name = current_database()
      and schema_name = '_whole'
)
limit 1

-- name: contract
-- Grain: contract x month in which a day was counted, by month, region and contract. reached is the highest of alert_at that the
-- quantity reaches, 0 where it reaches none. Shares are held against whole agents as decimals: 0.07 of 100 is 7, and no hair more.
-- Inputs: macro _data.contract_months, _data.contract; $from, $to (months).
select m.month,
       m.region,
       m.contract,
       case m.aggregate
           when 'max' then 'highest second'
           when 'p95' then '95th percentile of the seconds'
           when 'top_days' then 'mean of the ' || m.parameter || ' highest daily peaks'
           when 'sustained' then 'held for ' || to_seconds(m.parameter) || ' on end'
           when 'accumulated' then 'reached for ' || to_seconds(m.parameter) || ' in all'
       end as measures,
       m.quantity::double as quantity,
       coalesce(m.committed, 0) as committed,
       coalesce(m.overage, 0)::double as overage,
       coalesce(m.days_above, 0) as days_above,
       m.days_counted,
       m.state,
       coalesce((
           select max(share)
           from (select unnest(c.alert_at) as share)
           where m.quantity >= share::decimal(6, 4) * m.committed
       ), 0) as reached
from _data.contract_months(null, $from, $to) as m
join _data.contract as c using (region, contract)
where m.days_counted > 0
order by m.month, m.region, m.contract

-- name: month_peak
-- Grain: month x region of which a day was counted (R8), by month and region: its highest second so far, from the daily peaks, which
-- stay when a day's rows are dropped. Days after the region's last are none of it. Without an agent it has no first second; final where
-- every day of the month is. Inputs: _data.daily_concurrent; $regions and $until, the last day of each.
with ending as (
    select unnest($regions::varchar[]) as region,
           unnest($until::varchar[])::date as until
),
peak as (
    select strftime(p.day, '%Y-%m') as month,
           p.*,
           max(p.agents) over (partition by p.region, strftime(p.day, '%Y-%m')) as most,
           least(last_day(p.day), e.until) as last_day
    from _data.daily_concurrent as p
    left join ending as e using (region)
    where p.location is null
      and p.day <= coalesce(e.until, p.day)
)
select month,
       region,
       any_value(most) as agents,
       min(day) filter (agents = most)::varchar as day,
       coalesce(min(peak_ts) filter (agents = most), 0) as at,
       coalesce(sum(peak_seconds) filter (agents = most), 0)::bigint as seconds,
       count(*) filter (agents = most and most > 0) as days,
       count(*) as counted,
       case when count(*) filter (state = 'final') = any_value(last_day) - (month || '-01')::date + 1 then 'final' else 'provisional' end as state
from peak
group by month, region
order by month, region
