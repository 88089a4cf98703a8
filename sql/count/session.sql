-- name: counted_agent
-- Grain: resource of the slice, with the agent it stands for (R6). Agents get a small number of their own,
-- which the later statements group by; resources of one employee share it. A pattern that fits one resource
-- of an agent leaves out the agent.
-- Inputs: _data.agent, _data.voice_session, rule_exclude; $day. A pattern's * and ? become LIKE's % and _.
create or replace temp table counted_agent as
with resource as (
    select resource_key,
           coalesce(employee_id, '') as employee_id,
           coalesce(resource_name, '') as resource_name
    from _data.agent
    where day = $day::date
    union all
    select distinct s.resource_key,
                    '',
                    ''
    from _data.voice_session as s
    anti join (
        select resource_key
        from _data.agent
        where day = $day::date
    ) as a using (resource_key)
    where s.day = $day::date
),
wildcard as (
    select replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from rule_exclude
),
left_out as (
    select resource_key
    from resource as r
    semi join wildcard as w on r.employee_id like w.wildcard escape '!'
        or r.resource_name like w.wildcard escape '!'
),
identity as (
    select r.resource_key,
           case when r.employee_id = '' then '#' || r.resource_key else r.employee_id end as agent,
           r.employee_id = '' as is_fallback,
           l.resource_key is not null as is_resource_excluded
    from resource as r
    left join left_out as l using (resource_key)
),
person as (
    select agent,
           bool_or(is_resource_excluded) as is_excluded,
           row_number() over () as agent_id
    from identity
    group by agent
)
select i.resource_key,
       i.is_fallback,
       p.agent_id,
       p.agent,
       p.is_excluded
from identity as i
join person as p using (agent)

-- name: login
-- Grain: voice session of the slice, or one beside it (is_beside) that is there because activities started in it (R3), with the
-- interval that it occupies (R2): start_ts to until_ts; logout_ts is its end before the end second counts. Rejected ones are left out.
-- Inputs: _data.voice_session, other_session, rule. No table but a name for a query, with the day as its argument.
create or replace temp macro login(slice_day) as table
with session as (
    select s.*,
           false as is_beside
    from _data.voice_session as s
    where s.day = slice_day::date
    union all
    select s.*,
           true
    from _data.other_session as s
    where s.day = slice_day::date
),
begun as (
    select *,
           coalesce(active_flag, 0) <> 0 or end_ts is null as is_open
    from session
    where start_ts is not null
),
bounded as (
    select s.*,
           case when s.is_open then greatest(r.as_of, s.start_ts + 1) else s.end_ts end as logout_ts,
           r.end_second_counts
    from begun as s
    cross join rule as r
    where s.is_open
       or s.end_ts >= s.start_ts
)
select *,
       case when end_second_counts then logout_ts + 1 else greatest(logout_ts, start_ts + 1) end as until_ts
from bounded

-- name: open_activity
-- Grain: activity of the slice, or other leg of it, without an end (R3), with where it ends: at the end of the session of its resource
-- in which it started, of several the one that ends last; at the as-of where it started in none. They are few.
-- Inputs: _data.ocs_activity, other_leg, login, rule; $day.
create or replace temp table open_activity as
with open as (
    select kind,
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           false as is_other
    from _data.ocs_activity
    where day = $day::date
    union all
    select 'leg',
           activity_key,
           start_date_time_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts,
           active_flag,
           true
    from _data.other_leg
    where day = $day::date
)
select o.is_other,
       o.kind,
       o.activity_key,
       o.start_date_time_key,
       o.resource_key,
       o.switch_name,
       o.start_ts,
       greatest(coalesce(max(l.until_ts), any_value(r.as_of)), o.start_ts + 1) as end_ts
from open as o
cross join rule as r
left join login($day) as l on l.resource_key = o.resource_key
    and l.start_ts <= o.start_ts
    and l.until_ts > o.start_ts
where o.start_ts is not null
  and (coalesce(o.active_flag, 0) <> 0 or o.end_ts is null)
group by o.is_other, o.kind, o.activity_key, o.start_date_time_key, o.resource_key, o.switch_name, o.start_ts

-- name: occupied_session
-- Grain: voice session of the slice with the interval it occupies (R2); rejected ones, and those that touch
-- no region's day under today's session_end, are left out.
-- Later statements name a session by its rowid here, as session_id. Two flags say what it shares with other sessions of its agent: shares_earlier, a second with one that comes
-- before it in the order of starts; is_alone, a second with none. Most are alone, and counted without ado.
-- Inputs: login, counted_agent, rule_region_day; $day.
create or replace temp table occupied_session as
with touching as (
    select *
    from login($day) as o
    where not o.is_beside
      and exists (
          from rule_region_day as d
          where greatest(o.start_ts, d.start_ts) < least(o.until_ts, d.end_ts)
      )
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
    join counted_agent as a using (resource_key)
)
select sm_res_session_fact_key,
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

-- name: occupied_activity
-- Grain: activity of the slice of a day with its interval (R3). activity_rank puts activities into order: by start, legs
-- before previews, by key; all three can be read from it again. One number, because the least of numbers is found much
-- faster, and in less memory, than the least of rows.
-- Inputs: _data.ocs_activity, open_activity. No table but a name for a query, with the day as its argument: there are more
-- activities than anything else, and each is looked at a few times only.
create or replace temp macro occupied_activity(slice_day) as table
with activity as (
    select kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           greatest(end_ts, start_ts + 1) as end_ts
    from _data.ocs_activity
    where day = slice_day::date
      and coalesce(active_flag, 0) = 0
      and end_ts >= start_ts
    union all
    select kind,
           activity_key,
           resource_key,
           switch_name,
           start_ts,
           end_ts
    from open_activity
    where not is_other
)
select (start_ts * 2::hugeint + (kind = 'preview')::hugeint) * 18446744073709551616 + activity_key + 9223372036854775808 as activity_rank,
       kind,
       activity_key,
       resource_key,
       nullif(switch_name, '') as switch_name,
       start_ts,
       end_ts
from activity

-- name: occupied_other_leg
-- Grain: other leg of the slice with its interval (R3, R5). Nearly every slice has none.
-- Inputs: _data.other_leg, open_activity; $day.
create or replace temp table occupied_other_leg as
select resource_key,
       switch_name,
       start_ts,
       greatest(end_ts, start_ts + 1) as end_ts
from _data.other_leg
where day = $day::date
  and coalesce(active_flag, 0) = 0
  and end_ts >= start_ts
union all
select resource_key,
       switch_name,
       start_ts,
       end_ts
from open_activity
where is_other
