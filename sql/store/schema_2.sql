-- The store, version 2: what was delivered, sealed months, and macros for the analyst. Brings a store of version 1 there; nothing that it
-- holds is changed.

create table _data.delivery (
    file            varchar not null,
    sha256          varchar not null,
    sent_as         varchar not null,
    sent_sha256     varchar not null,
    target          varchar not null,
    delivered_ts    bigint not null
);

create view delivery as
select file, sha256, sent_as, sent_sha256, target, to_timestamp(delivered_ts) as delivered_at
from _data.delivery;

create table _data.sealed_month (
    month           varchar not null primary key,
    file            varchar not null,
    key             varchar not null,
    sha256          varchar not null,
    bytes           bigint not null,
    sealed_ts       bigint not null
);

create view sealed_month as
select month, file, sha256, bytes, to_timestamp(sealed_ts) as sealed_at
from _data.sealed_month;

-- What everybody asks. The names of their parameters are no column's.

create macro peak(of_region, on_day) as table
select location, agents, peak_at, peak_seconds, state
from daily_concurrent
where region = of_region
  and day = on_day::date
order by location nulls first;

create macro concurrency_at(of_region, moment) as table
select day, location, agents, sessions
from concurrency
where region = of_region
  and starts_at <= moment::timestamptz
  and ends_at > moment::timestamptz
order by location nulls first;

create macro agents_at(of_region, moment) as table
select q.agent, q.location, q.starts_at, q.ends_at, q.sm_res_session_fact_key, q.activities
from qualifying_session as q
join concurrency as c on c.day = q.day
    and c.region = q.region
    and c.location is null
where q.region = of_region
  and c.starts_at <= moment::timestamptz
  and c.ends_at > moment::timestamptz
  and q.starts_at <= moment::timestamptz
  and q.ends_at > moment::timestamptz
order by q.agent, q.location, q.starts_at;

create macro busiest_hours(of_region, from_day, to_day, zone) as table
with quarter as (
    select day,
           unnest(generate_series(time_bucket(interval 15 minutes, min(starts_at)), max(ends_at) - interval 1 second, interval 15 minutes)) as quarter_at
    from concurrency
    where region = of_region
      and location is null
      and day between from_day::date and to_day::date
    group by day
),
part as (
    select extract(hour from timezone(zone, q.quarter_at)) as hour,
           q.day,
           c.agents,
           epoch(least(c.ends_at, q.quarter_at + interval 15 minutes)) - epoch(greatest(c.starts_at, q.quarter_at)) as seconds
    from quarter as q
    join concurrency as c on c.region = of_region
        and c.location is null
        and c.day = q.day
        and c.starts_at < q.quarter_at + interval 15 minutes
        and c.ends_at > q.quarter_at
)
select hour,
       max(agents) as most_agents,
       round(sum(agents * seconds) / sum(seconds), 1) as average_agents,
       count(distinct day) as days
from part
group by hour
order by most_agents desc, average_agents desc, hour;

create macro seats_by_location(of_month) as table
select region,
       location,
       max(agents) as most_agents,
       arg_min(day, row(-agents, day)) as on_day,
       round(avg(agents), 1) as average_peak,
       count(*) as days
from daily_concurrent
where location is not null
  and strftime(day, '%Y-%m') = of_month
group by region, location
order by region, location;

update _data.store_version set version = 2;
