-- The store, version 4: what a slice keeps so that nothing outside it is needed, and what each issue was counted by. Brings a
-- store of version 3 there; nothing that it holds is changed, but for times that are none.

-- How far the source is complete (R10).

create table _data.left_out (
    day              date not null,
    data_source_key  bigint not null,
    data_source_type bigint not null,
    dap_name         varchar not null,
    read_up_to       bigint not null
);

create view left_out as
select day, data_source_key, data_source_type, dap_name, to_timestamp(read_up_to) as read_up_to
from _data.left_out;

-- Rows beside the slice's own that tell where it belongs or ends (R3, R5, R6).

create table _data.other_leg (
    day                     date not null,
    activity_key            bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint not null,
    end_ts                  bigint,
    active_flag             smallint,
    switch_name             varchar not null,
    update_audit_key        bigint
);

create table _data.other_session (
    day                     date not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    resource_key            bigint not null,
    start_ts                bigint not null,
    end_ts                  bigint,
    active_flag             smallint,
    update_audit_key        bigint
);

create view other_leg as
select day, activity_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       switch_name, active_flag, update_audit_key
from _data.other_leg;

create view other_session as
select day, sm_res_session_fact_key, start_date_time_key, resource_key,
       to_timestamp(start_ts) as starts_at, to_timestamp(end_ts) as ends_at,
       coalesce(active_flag, 0) <> 0 or end_ts is null as is_open, active_flag, update_audit_key
from _data.other_session;

-- What a counted session is broken down by, for the macros after it. Grain: session that counts in a region x what it
-- belongs to there: its groups, its locations, or its switches, which are those of all activities that qualify it and lead to the
-- region (R5; the locations by the counting rules of the day's computation). turn orders what one session belongs to: locations and
-- switches by the first activity that leads there.
-- An activity without an end ends with the session in which it started, and where a session's own activities know no switch, the
-- other legs tell it.
create or replace macro unit_session(of_unit, of_region, from_day, to_day) as table
with placed as (
    select *
    from _data.qualifying_session
    where region = of_region
      and day between from_day::date and to_day::date
),
counted as (
    select distinct day, agent, resource_key, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts
    from placed
),
region_rule as (
    select day,
           unnest(from_json(rules, '{"regions": [{"name": "VARCHAR", "locations": [{"switches": ["VARCHAR"]}]}]}').regions) as rule
    from _data.computation
    where of_unit = 'switch'
      and day between from_day::date and to_day::date
),
location_rule as (
    select day,
           rule.name as region,
           unnest(rule.locations).switches as switches
    from region_rule
),
listed as (
    select day,
           region,
           unnest(switches) as switch_name
    from location_rule
),
fallback as (
    select day,
           region
    from location_rule
    where len(switches) = 0
),
login as (
    select s.day,
           s.resource_key,
           s.start_ts,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(o.as_of, s.start_ts + 1) + e.last_second
               else greatest(s.end_ts + e.last_second, s.start_ts + 1)
           end as until_ts
    from (
        from _data.voice_session
        union all
        from _data.other_session
    ) as s
    join _data.slice as o using (day)
    join (
        select day,
               (rules ->> '$.session_end' = 'inclusive')::integer as last_second
        from _data.computation
    ) as e using (day)
    where of_unit = 'switch'
      and s.day between from_day::date and to_day::date
      and (coalesce(s.active_flag, 0) <> 0 or s.end_ts is null or s.end_ts >= s.start_ts)
),
told as (
    select day, kind, activity_key, start_date_time_key, resource_key, switch_name, start_ts, end_ts, active_flag,
           false as is_other
    from _data.ocs_activity
    union all
    select day, 'leg', activity_key, start_date_time_key, resource_key, switch_name, start_ts, end_ts, active_flag,
           true
    from _data.other_leg
),
open_end as (
    select t.day, t.kind, t.activity_key, t.start_date_time_key, t.is_other,
           max(l.until_ts) as end_ts
    from told as t
    join login as l on l.day = t.day
        and l.resource_key = t.resource_key
        and l.start_ts <= t.start_ts
        and l.until_ts > t.start_ts
    where t.day between from_day::date and to_day::date
      and (coalesce(t.active_flag, 0) <> 0 or t.end_ts is null)
    group by t.day, t.kind, t.activity_key, t.start_date_time_key, t.is_other
),
activity as (
    select a.day,
           a.resource_key,
           a.is_other,
           nullif(a.switch_name, '') as switch_name,
           struct_pack(ts := a.start_ts, kind := a.kind, key := a.activity_key) as turn,
           a.start_ts,
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then coalesce(e.end_ts, s.as_of) else a.end_ts end, a.start_ts + 1) as end_ts
    from told as a
    join _data.slice as s using (day)
    left join open_end as e using (day, kind, activity_key, start_date_time_key, is_other)
    where of_unit = 'switch'
      and a.day between from_day::date and to_day::date
      and a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null or a.end_ts >= a.start_ts)
),
met as (
    select q.*,
           a.switch_name,
           a.is_other,
           a.turn,
           coalesce(l.region, f.region) as leads_to,
           bool_or(a.switch_name is not null and not a.is_other) over (partition by q.day, q.sm_res_session_fact_key, q.start_date_time_key) as has_known,
           bool_or(a.is_other) over (partition by q.day, q.sm_res_session_fact_key, q.start_date_time_key) as has_other
    from counted as q
    join activity as a on a.day = q.day
        and a.resource_key = q.resource_key
        and a.start_ts < q.end_ts
        and a.end_ts > q.start_ts
    left join listed as l on l.day = a.day
        and l.switch_name = a.switch_name
    left join fallback as f on f.day = a.day
),
reached as (
    select day, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts,
           switch_name,
           min(turn) as turn
    from met
    where leads_to = of_region
      and case
          when has_known then switch_name is not null and not is_other
          when has_other then is_other
          else true
      end
    group by all
)
select day, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts,
       location as name,
       struct_pack(ts := first_activity_ts, kind := first_kind, key := first_activity_key) as turn
from placed
where of_unit = 'location'
union all
select r.day, r.agent, r.sm_res_session_fact_key, r.start_date_time_key, r.start_ts, r.end_ts,
       coalesce(r.switch_name, '(unknown)'),
       r.turn
from reached as r
union all
select q.day, q.agent, q.sm_res_session_fact_key, q.start_date_time_key, q.start_ts, q.end_ts,
       case when g.day is null then '(not read)' else coalesce(g.group_name, '(none)') end,
       struct_pack(ts := 0, kind := '', key := 0)
from counted as q
left join _data.session_group as g on g.day = q.day
    and g.sm_res_session_fact_key = q.sm_res_session_fact_key
    and g.start_date_time_key = q.start_date_time_key
where of_unit = 'agent_group'
union all
select null, null, null, null, null, null, error('want agent_group, location or switch, not ' || of_unit), null
where of_unit not in ('agent_group', 'location', 'switch');

create or replace macro breakdown(of_unit, of_region, on_day) as table
with unit as (
    select *
    from unit_session(of_unit, of_region, on_day, on_day)
),
bounds as (
    select min(start_ts) as start_ts,
           max(end_ts) as end_ts
    from _data.concurrency
    where day = on_day::date
      and region = of_region
      and location is null
),
presence as (
    select u.name,
           u.agent,
           greatest(u.start_ts, b.start_ts) as start_ts,
           least(u.end_ts, b.end_ts) as end_ts
    from unit as u
    cross join bounds as b
),
reaching as (
    select *,
           max(end_ts) over (
               partition by name, agent
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from presence
),
addition as (
    select name,
           greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select name, start_ts as ts, 1 as agents from addition
    union all
    select name, end_ts, -1 from addition
),
net as (
    select name, ts, sum(agents) as agents
    from change
    group by name, ts
),
curve as (
    select name,
           ts,
           sum(agents) over (partition by name order by ts)::bigint as agents
    from net
),
own as (
    select name,
           max(agents) as peak,
           min(struct_pack(fewer := -agents, ts := ts)).ts as peak_ts
    from curve
    group by name
),
seat as (
    select u.agent,
           min(struct_pack(start_ts := u.start_ts, key := u.sm_res_session_fact_key, time_key := u.start_date_time_key, turn := u.turn, name := u.name)).name as name
    from unit as u
    join _data.daily_concurrent as p on p.day = on_day::date
        and p.region = of_region
        and p.location is null
        and u.start_ts <= p.peak_ts
        and u.end_ts > p.peak_ts
    group by u.agent
),
share as (
    select name, count(*) as agents
    from seat
    group by name
),
enabled as (
    select name, count(distinct agent) as agents
    from unit
    group by name
)
select e.name,
       o.peak,
       to_timestamp(o.peak_ts) as peak_at,
       coalesce(s.agents, 0) as share_at_peak,
       e.agents as enabled
from enabled as e
join own as o using (name)
left join share as s using (name)
order by share_at_peak desc, o.peak desc, e.name;

alter table _data.slice add column lookback_seconds bigint;

create table _data.default_guid (
    day               date not null,
    call_attempt_guid varchar not null
);

create view default_guid as
select day, call_attempt_guid
from _data.default_guid;

-- What issues were counted by (R9, R13).

create table _data.counting_rules (
    sha256          varchar not null primary key,
    rules           varchar not null
);
insert into _data.counting_rules
select distinct rules_sha256,
                rules
from _data.computation
where sha256(rules) = rules_sha256;

-- A file issued before names the rules of its manifest as soon as a run has read them there, and where they are still known.
alter table _data.issued_file add column rules_sha256 varchar;

-- A day that was counted after its slice was read was counted with the slice's as_of.
alter table _data.computation add column as_of bigint;
update _data.computation as c
set as_of = s.as_of
from _data.slice as s
where s.day = c.day
  and c.computed_ts >= s.extracted_ts;

-- Within a month an agent is known by the newest slice's word for each resource_key (R6).
create or replace macro enabled_by(of_unit, of_region, of_month) as table
with unit as (
    select *
    from unit_session(of_unit, of_region, (of_month || '-01')::date, last_day((of_month || '-01')::date))
),
resource as (
    select distinct day, sm_res_session_fact_key, start_date_time_key, resource_key
    from _data.qualifying_session
    where region = of_region
      and day between (of_month || '-01')::date and last_day((of_month || '-01')::date)
),
word as (
    select a.resource_key,
           arg_max(
               coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
               struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
           ) as agent
    from _data.agent as a
    join _data.slice as s using (day)
    where a.day between (of_month || '-01')::date and last_day((of_month || '-01')::date)
    group by a.resource_key
)
select u.name,
       count(distinct coalesce(w.agent, u.agent)) as agents
from unit as u
left join resource as r using (day, sm_res_session_fact_key, start_date_time_key)
left join word as w using (resource_key)
group by u.name
order by agents desc, u.name;

create view counting_rules as
select sha256, rules
from _data.counting_rules;

create or replace view issued_file as
select region, measure, period, revision, value, state, file, sha256, supersedes, reason,
       to_timestamp(peak_ts) as peak_at, peak_seconds, to_timestamp(issued_ts) as issued_at, rules_sha256
from _data.issued_file;

-- A mark of the future, or in milliseconds, made days final that were not over, and no program can write such a time: what was
-- read by one was complete up to nobody knows when (R10). Two days are more than clocks are apart. Rows last: DuckDB alters no
-- table whose rows were changed before.
update _data.slice
set high_water = null,
    as_of = extracted_ts,
    state = 'provisional'
where high_water > extracted_ts + 172800;

update _data.store_version set version = 4;
