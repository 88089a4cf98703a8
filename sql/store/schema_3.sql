-- The store, version 3: the agent groups of sessions, and what seats are broken down by. Brings a store of version 2 there;
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

comment on view session_group is 'Agent groups of the voice sessions of a slice, where breakdown asks for them: session x group, by what GIM says of the session. For analysis alone: no number that is issued depends on it. Those of a sealed month are in its file';
comment on column session_group.day is 'Calendar date; every region reads it in its own time zone';
comment on column session_group.sm_res_session_fact_key is 'GIM primary key of the session, with start_date_time_key';
comment on column session_group.start_date_time_key is 'GIM time key: epoch second of the quarter of an hour of the start';
comment on column session_group.group_name is 'Of a group that the agent was in; NULL: in none. A session whose groups were not read has no row';

-- What a counted session is broken down by, for the macros after it. Grain: session that counts in a region x what it
-- belongs to there: its groups, its locations, or its switches, which are those of all activities that qualify it and lead to the
-- region (R5; the locations by the counting rules of the day's computation). turn orders what one session belongs to: locations and
-- switches by the first activity that leads there.
create macro unit_session(of_unit, of_region, from_day, to_day) as table
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
activity as (
    select a.day,
           a.resource_key,
           nullif(a.switch_name, '') as switch_name,
           struct_pack(ts := a.start_ts, kind := a.kind, key := a.activity_key) as turn,
           a.start_ts,
           greatest(case when coalesce(a.active_flag, 0) <> 0 or a.end_ts is null then s.as_of else a.end_ts end, a.start_ts + 1) as end_ts
    from _data.ocs_activity as a
    join _data.slice as s using (day)
    where of_unit = 'switch'
      and a.day between from_day::date and to_day::date
      and a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null or a.end_ts >= a.start_ts)
),
reached as (
    select q.day, q.agent, q.sm_res_session_fact_key, q.start_date_time_key, q.start_ts, q.end_ts,
           a.switch_name,
           min(a.turn) as turn
    from counted as q
    join activity as a on a.day = q.day
        and a.resource_key = q.resource_key
        and a.start_ts < q.end_ts
        and a.end_ts > q.start_ts
    left join listed as l on l.day = a.day
        and l.switch_name = a.switch_name
    left join fallback as f on f.day = a.day
    where coalesce(l.region, f.region) = of_region
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
where r.switch_name is not null
   or not exists (
       from reached as k
       where k.day = r.day
         and k.sm_res_session_fact_key = r.sm_res_session_fact_key
         and k.start_date_time_key = r.start_date_time_key
         and k.switch_name is not null
   )
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

create macro breakdown(of_unit, of_region, on_day) as table
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

create macro enabled_by(of_unit, of_region, of_month) as table
select name,
       count(distinct agent) as agents
from unit_session(of_unit, of_region, (of_month || '-01')::date, last_day((of_month || '-01')::date))
group by name
order by agents desc, name;

comment on macro table unit_session is 'Counted sessions of a region and a range of days by what they belong to: ''agent_group'', ''location'' or ''switch''; times in epoch seconds. What breakdown and enabled_by are made from';
comment on macro table breakdown is 'Who used the seats of a region on a day, by ''agent_group'', ''location'' or ''switch'': the peak of each by itself and its first second, its share of the region''s peak in the first second of that, and its enabled agents. Shares add up to the region''s number; peaks and enabled agents do not, since an agent may belong to several';
comment on macro table enabled_by is 'Enabled agents of a region in a month, by ''agent_group'', ''location'' or ''switch''; an agent who belongs to several counts in each';

-- What the comments of older versions left to guess.
comment on view data_quality is 'What was doubtful in a slice (R11): a row a rule and day, of those that found nothing too';
comment on column data_quality.rule is 'Sessions: rejected_session (no start, or an end before it), open_session, long_session (of more than 24 hours), overlapping_sessions (shares a second with an earlier one of its agent), several_regions (counts in more than one), unknown_switch (counts in the default location), unmapped_switch (has no location to go to). Activities: rejected_activity, orphan_activity (in no session of its agent). Agents with a session: agent_without_employee_id, excluded_agent. Of the source: duplicate_key, damaged_name (bytes that mean nothing)';
comment on column data_quality.occurrences is 'How many sessions, activities, agents or keys; 0: none';
comment on column data_quality.examples is 'Up to 20 of them: sessions by sm_res_session_fact_key, activities by kind and key, agents by what they are counted as';
comment on view qualifying_session is 'Sessions that count (R4 to R6): day x session x location x region; a region row exists only where the session shares a second with that region''s day, so one that crosses midnight is in both days. Those of a sealed month are in its file';
comment on column qualifying_session.location is 'As configured: where the session''s switches put it; one with switches of several has a row for each';
comment on column qualifying_session.starts_at is 'Login, whole: not cut to the day';
comment on column qualifying_session.ends_at is 'End of the occupied interval (exclusive), after session_end and as_of; not cut to the day';
comment on column ocs_activity.ends_at is 'Its end as GIM gives it; where it is NULL, or active_flag not 0: counted until slice.as_of';
comment on column run.exit_code is 'As the program''s exit status';
comment on view sealed_month is 'Closed months whose rows (voice_session, ocs_activity, agent, session_group, qualifying_session, concurrency) lie in a file of their own beside the store';

update _data.store_version set version = 3;
