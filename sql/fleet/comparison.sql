-- Grain: number that stands issued, and peak of a location on a day (locations are counted, not issued): with what
-- seats_outbound.sql counts, and whether both are the same. Runs on Spark, DuckDB and PostgreSQL as it is.
-- Inputs: issued, daily_concurrent of the lake; seats_outbound, the result of that statement.
with expected as (
    select tenant, region, cast(null as varchar(63)) as location, measure, period, value, peak_ts, peak_seconds
    from issued
    where stands
    union all
    select tenant, region, location, 'concurrent', cast(day as varchar(10)), agents, peak_ts, peak_seconds
    from daily_concurrent
    where location is not null
)
select e.tenant,
       e.region,
       e.location,
       e.measure,
       e.period,
       e.value,
       e.peak_ts,
       e.peak_seconds,
       c.value as fleet_value,
       c.peak_ts as fleet_peak_ts,
       c.peak_seconds as fleet_peak_seconds,
       coalesce(c.value, -1) = e.value
           and coalesce(c.peak_ts, 0) = coalesce(e.peak_ts, 0)
           and coalesce(c.peak_seconds, 0) = coalesce(e.peak_seconds, 0) as agrees
from expected as e
left join seats_outbound as c on c.tenant = e.tenant
    and c.region = e.region
    and coalesce(c.location, '') = coalesce(e.location, '')
    and c.measure = e.measure
    and c.period = e.period
order by e.tenant, e.measure, e.period, e.region, e.location
