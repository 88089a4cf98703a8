-- The store, version 3: the agent groups of sessions. Brings a store of version 2 there;
-- nothing that it holds is changed. No hash covers the groups: they are for analysis alone.

create table _data.session_group (
    day                     date not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    group_name              varchar
);

create view session_group as
select day, sm_res_session_fact_key, start_date_time_key, group_name
from _data.session_group;

update _data.store_version set version = 3;
