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

-- As configured when the newest run began. parameter: how many days (top_days), or seconds (sustained, accumulated).
create table _data.contract (
    region          varchar not null,
    contract        varchar not null,
    aggregate       varchar not null,
    parameter       bigint,
    committed       bigint,
    alert_at        double[] not null
);

create view contracts as
select region, contract, aggregate, parameter, committed, alert_at
from _data.contract;

update _data.store_version set version = 5;
