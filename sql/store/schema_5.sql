-- The store, version 5: the highest second of a month, and what a region's contracts say. Brings a store of version 4 there;
-- nothing that it holds is changed.

-- Counted with monthly_enabled, from the same days, by the same rules: its row there says by which, and whether it is final.
create table _data.monthly_concurrent (
    month           varchar not null,
    region          varchar not null,
    agents          bigint not null,
    peak_ts         bigint,
    peak_seconds    bigint,
    peak_days       bigint not null
);

create view monthly_concurrent as
select c.month, c.region, c.agents, to_timestamp(c.peak_ts) as peak_at, c.peak_seconds, c.peak_days, e.state,
       to_timestamp(e.computed_ts) as computed_at
from _data.monthly_concurrent as c
join _data.monthly_enabled as e using (month, region);

-- As configured when the newest run began. parameter: how many days (top_days), or seconds (sustained, accumulated); until: the
-- region's last day, after which its days are none of the contract's.
create table _data.contract (
    region          varchar not null,
    contract        varchar not null,
    aggregate       varchar not null,
    parameter       bigint,
    committed       bigint,
    alert_at        double[] not null,
    until           date
);

create view contracts as
select region, contract, aggregate, parameter, committed, alert_at, until
from _data.contract;

-- What contracts say of months, from the kept curves alone (R8). Grain: contract of a region, of all where of_region is NULL, x month
-- of a range, both included. What is measured are the seconds of the days that were counted, those with nobody too; of a month without
-- such a day there is no quantity. p95 is the nearest rank: the least number that 95 of 100 seconds do not exceed. A level is sustained
-- from the first second of a step on, if at all: who begins later holds no more; steps go on through midnight where the next day was
-- counted too, and no month is looked at beyond its ends.
create macro contract_months(of_region, from_month, to_month) as table
with agreed as (
    select *
    from _data.contract
    where of_region is null
       or region = of_region
),
wanted as (
    select *
    from agreed
    cross join (
        select strftime(unnest(generate_series((from_month || '-01')::date, (to_month || '-01')::date, interval 1 month)), '%Y-%m') as month
    )
),
ending as (
    select region,
           coalesce(any_value(until), '9999-12-31'::date) as until
    from agreed
    group by region
),
step as (
    select c.region,
           strftime(c.day, '%Y-%m') as month,
           c.day,
           c.start_ts,
           c.end_ts,
           c.agents
    from _data.concurrency as c
    join ending as e on e.region = c.region
        and c.day <= e.until
    where c.location is null
      and c.day between (from_month || '-01')::date and last_day((to_month || '-01')::date)
),
day_peak as (
    select s.region,
           s.month,
           s.day,
           max(s.agents) as agents,
           any_value(d.state) as state
    from step as s
    join _data.daily_concurrent as d on d.day = s.day
        and d.region = s.region
        and d.location is null
    group by s.region, s.month, s.day
),
ranked as (
    select *,
           row_number() over (partition by region, month order by agents desc, day) as rank
    from day_peak
),
of_days as (
    select w.region,
           w.month,
           w.contract,
           count(r.day) as days,
           count(r.day) filter (r.agents > w.committed) as days_above,
           sum(r.agents) filter (r.rank <= w.parameter)::bigint as top_agents,
           count(r.day) filter (r.rank <= w.parameter) as top_days,
           count(r.day) filter (r.state = 'final') as final_days,
           least(last_day((w.month || '-01')::date), w.until) - (w.month || '-01')::date + 1 as wanted_days
    from wanted as w
    left join ranked as r using (region, month)
    group by w.region, w.month, w.contract, w.until
),
level as (
    select region,
           month,
           agents,
           sum(end_ts - start_ts)::bigint as seconds,
           min(start_ts) as first_ts
    from step
    group by region, month, agents
),
tally as (
    select *,
           sum(seconds) over (partition by region, month order by agents) as not_above,
           sum(seconds) over (partition by region, month order by agents desc) as not_below,
           sum(seconds) over (partition by region, month) as counted
    from level
),
reached as (
    select w.region,
           w.month,
           w.contract,
           case w.aggregate
               when 'max' then max(t.agents)
               when 'p95' then min(t.agents) filter (20 * t.not_above >= 19 * t.counted)
               when 'accumulated' then max(t.agents) filter (t.not_below >= w.parameter)
           end as agents,
           case when w.aggregate = 'max' then arg_max(t.first_ts, t.agents) end as first_ts
    from wanted as w
    join tally as t using (region, month)
    where w.aggregate in ('max', 'p95', 'accumulated')
    group by w.region, w.month, w.contract, w.aggregate
),
joined as (
    select *,
           start_ts is distinct from lag(end_ts) over (partition by region, month order by start_ts) as begins
    from step
    where region in (select region from wanted where aggregate = 'sustained')
),
stretch as (
    select *,
           max(case when begins then start_ts end) over (partition by region, month order by start_ts) as since_ts -- its first second
    from joined
),
held as (
    select w.region,
           w.month,
           w.contract,
           s.start_ts,
           min(s.agents) over (
               partition by w.region, w.month, w.contract, s.since_ts
               order by s.start_ts
               range between current row and w.parameter - 1 following
           ) as agents,
           max(s.end_ts) over (partition by w.region, w.month, w.contract, s.since_ts) - s.start_ts >= w.parameter as is_whole
    from wanted as w
    join stretch as s using (region, month)
    where w.aggregate = 'sustained'
),
held_level as (
    select region,
           month,
           contract,
           agents,
           min(start_ts) as first_ts
    from held
    where is_whole
    group by region, month, contract, agents
),
sustained as (
    select region,
           month,
           contract,
           max(agents) as agents,
           arg_max(first_ts, agents) as first_ts
    from held_level
    group by region, month, contract
),
measured as (
    select w.*,
           d.days,
           d.days_above,
           case when d.final_days = d.wanted_days then 'final' else 'provisional' end as state,
           case
               when d.days = 0 then null
               when w.aggregate <> 'top_days' then coalesce(r.agents, s.agents, 0)::decimal(18, 2)
               else ((((200 * d.top_agents + d.top_days) // (2 * d.top_days))::decimal(15, 0)) * 0.01::decimal(3, 2))::decimal(18, 2)
           end as quantity,
           coalesce(r.first_ts, s.first_ts) as first_ts
    from wanted as w
    join of_days as d using (region, month, contract)
    left join reached as r using (region, month, contract)
    left join sustained as s using (region, month, contract)
)
select region,
       month,
       contract,
       aggregate,
       parameter,
       quantity,
       committed,
       case when quantity - committed is not null then greatest(quantity - committed, 0)::decimal(18, 2) end as overage,
       case when committed is not null then days_above end as days_above,
       days as days_counted,
       state,
       to_timestamp(first_ts) as first_at
from measured
order by region, month, contract;

create macro contract(of_region, of_month) as table
select contract, aggregate, parameter, quantity, committed, overage, days_above, days_counted, state, first_at
from contract_months(of_region, of_month, of_month)
order by contract;

update _data.store_version set version = 5;
