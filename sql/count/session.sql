-- name: counted_agent
-- Grain: resource of a day's slice, with the agent it stands for (R6). Agents get a small number of their own on each day,
-- which the later statements group by; resources of one employee share it. A pattern that fits one resource
-- of an agent leaves out the agent.
-- Inputs: _data.agent, _data.voice_session, rule, rule_exclude. A pattern's * and ? become LIKE's % and _.
create or replace temp table counted_agent as
with known as (
    select *
    from _data.agent
    semi join rule using (day)
),
resource as (
    select day,
           resource_key,
           coalesce(employee_id, '') as employee_id,
           coalesce(resource_name, '') as resource_name
    from known
    union all
    select distinct day,
                    resource_key,
                    '',
                    ''
    from _data.voice_session
    join rule using (day)
    anti join known using (day, resource_key)
),
wildcard as (
    select day,
           replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from rule_exclude
),
left_out as (
    select day,
           resource_key
    from resource as r
    semi join wildcard as w on w.day = r.day
        and (r.employee_id like w.wildcard escape '!' or r.resource_name like w.wildcard escape '!')
),
identity as (
    select r.day,
           r.resource_key,
           case when r.employee_id = '' then '#' || r.resource_key else r.employee_id end as agent,
           r.employee_id = '' as is_fallback,
           l.resource_key is not null as is_resource_excluded
    from resource as r
    left join left_out as l using (day, resource_key)
),
person as (
    select day,
           agent,
           bool_or(is_resource_excluded) as is_excluded,
           row_number() over () as agent_id
    from identity
    group by day,
             agent
)
select day,
       i.resource_key,
       i.is_fallback,
       p.agent_id,
       agent,
       p.is_excluded
from identity as i
join person as p using (day, agent)

-- name: login
-- Grain: voice session of the slices, or one beside them (is_beside) that is there because activities started in it (R3), with the
-- interval that it occupies (R2): start_ts to until_ts; logout_ts is its end before the end second counts. Rejected ones are left out.
-- Inputs: _data.voice_session, other_session, rule. No table but a name for a query.
create or replace temp view login as
with session as (
    select *,
           false as is_beside
    from _data.voice_session
    union all
    select *,
           true
    from _data.other_session
),
bounded as (
    select s.*,
           coalesce(s.active_flag, 0) <> 0 or s.end_ts is null as is_open,
           case when is_open then greatest(r.as_of, s.start_ts + 1) else s.end_ts end as logout_ts,
           r.end_second_counts
    from session as s
    join rule as r using (day)
    where s.start_ts is not null
      and (is_open or s.end_ts >= s.start_ts)
)
select *,
       case when end_second_counts then logout_ts + 1 else greatest(logout_ts, start_ts + 1) end as until_ts
from bounded

-- name: occupied_session
-- Grain: voice session of a day's slice with the interval it occupies (R2); rejected ones, and those that touch
-- no region's day under today's session_end, are left out.
-- Later statements name a session by its rowid here, as session_id. Two flags say what it shares with other sessions of its
-- agent: shares_earlier, a second with one that comes before it in the order of starts; is_alone, a second with none. Most are
-- alone, and counted without ado. Where statements say again that a session starts before it ends, DuckDB takes the sessions for
-- fewer than the activities, which they are, and keeps them, and not these, in memory to join them.
-- Inputs: login, counted_agent, rule_region_day.
create or replace temp table occupied_session as
with touching as (
    select *
    from login as o
    semi join rule_region_day as d on d.day = o.day
        and d.start_ts < o.until_ts
        and d.end_ts > o.start_ts
        and d.start_ts < d.end_ts
    where not o.is_beside
),
beside as (
    select t.*,
           a.agent_id,
           a.is_excluded,
           coalesce(t.start_ts < max(t.until_ts) over (
               partition by a.agent_id
               order by t.start_ts, t.until_ts, t.sm_res_session_fact_key, t.start_date_time_key
               rows between unbounded preceding and 1 preceding
           ), false) as shares_earlier,
           coalesce(t.until_ts > lead(t.start_ts) over (
               partition by a.agent_id
               order by t.start_ts, t.until_ts, t.sm_res_session_fact_key, t.start_date_time_key
           ), false) as shares_later
    from touching as t
    join counted_agent as a using (day, resource_key)
)
select day,
       sm_res_session_fact_key,
       start_date_time_key,
       resource_key,
       agent_id,
       is_excluded,
       start_ts,
       until_ts as end_ts,
       logout_ts,
       is_open,
       shares_earlier,
       not shares_earlier and not shares_later as is_alone
from beside

-- name: open_activity
-- Grain: activity of a day's slice, or other leg of it, without an end (R3), with where it ends: at the end of the session of its resource
-- in which it started, of several the one that ends last; at the as-of where it started in none. They are few: rule is named
-- twice, for DuckDB takes what is left of a semi join for little, and so looks for the sessions of these, and not the other way round.
-- Inputs: _data.ocs_activity, other_leg, login, rule.
create or replace temp table open_activity as
with activity as (
    select day,
           kind,
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           false as is_other
    from _data.ocs_activity
    union all
    select day,
           'leg',
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           true
    from _data.other_leg
),
open as (
    select a.*,
           r.as_of
    from activity as a
    semi join rule using (day)
    join rule as r using (day)
    where a.start_ts is not null
      and (coalesce(a.active_flag, 0) <> 0 or a.end_ts is null)
)
select o.day,
       o.is_other,
       o.kind,
       o.activity_key,
       o.start_date_time_key,
       o.resource_key,
       o.switch_name,
       o.start_ts,
       greatest(coalesce(max(l.until_ts), any_value(o.as_of)), o.start_ts + 1) as end_ts
from open as o
left join login as l on l.day = o.day
    and l.resource_key = o.resource_key
    and l.start_ts <= o.start_ts
    and l.until_ts > o.start_ts
group by o.day, o.is_other, o.kind, o.activity_key, o.start_date_time_key, o.resource_key, o.switch_name, o.start_ts

-- name: occupied_activity
-- Grain: activity of a day's slice with its interval (R3). activity_rank puts activities into order: by start, legs
-- before previews, by key; all three can be read from it again. One number, because the least of numbers is found much
-- faster, and in less memory, than the least of rows.
-- Inputs: _data.ocs_activity, open_activity, rule. No table but a name for a query: there are more
-- activities than anything else, and each is looked at a few times only. Each condition more would have DuckDB take them for
-- fewer than the sessions that they are joined with: it keeps what it takes for the smaller side in memory.
create or replace temp view occupied_activity as
with activity as (
    select day,
           kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           greatest(end_ts, start_ts + 1) as end_ts
    from _data.ocs_activity
    join rule using (day)
    where case when coalesce(active_flag, 0) = 0 then end_ts >= start_ts end
    union all
    select day,
           kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts
    from open_activity
    where not is_other
)
select day,
       start_ts * 36893488147419103232::hugeint
           + if(kind = 'preview', 27670116110564327424, 9223372036854775808)::hugeint
           + activity_key as activity_rank,
       kind,
       activity_key,
       resource_key,
       nullif(switch_name, '') as switch_name,
       start_ts,
       end_ts
from activity

-- name: occupied_other_leg
-- Grain: other leg of a day's slice with its interval (R3, R5). Nearly every slice has none.
-- Inputs: _data.other_leg, open_activity, rule.
create or replace temp table occupied_other_leg as
select day,
       resource_key,
       switch_name,
       start_ts,
       greatest(end_ts, start_ts + 1) as end_ts
from _data.other_leg
semi join rule using (day)
where coalesce(active_flag, 0) = 0
  and end_ts >= start_ts
union all
select day,
       resource_key,
       switch_name,
       start_ts,
       end_ts
from open_activity
where is_other
