-- name: keep_month_agent
-- The agents of a month as they were counted from the kept slices: before the source is read again. Input: month_agent.
create or replace temp table kept_month_agent as
from month_agent

-- name: source_effect
-- Grain: agent of a region's day whose number is another one now, and whose part in it is, in words: qualifying sessions as kept
-- and as read again, and whether the agent is in the peak of either (at 0 where there was none).
-- Inputs: kept_qualifying_session, kept_daily_concurrent, the results of the slices read again; $days.
create or replace temp table source_effect as
with asked as (
    select day,
           region,
           coalesce(k.peak_ts, 0) as peak_before,
           coalesce(n.peak_ts, 0) as peak_after
    from kept_daily_concurrent as k
    join _data.daily_concurrent as n using (day, region)
    where day in (select unnest($days::varchar[])::date)
      and k.location is null
      and n.location is null
      and k.agents <> n.agents
),
seat as (
    select true as is_kept,
           k.*
    from kept_qualifying_session as k
    union all by name
    select false as is_kept,
           q.*
    from _data.qualifying_session as q
),
part as (
    select s.is_kept,
           day,
           region,
           s.agent,
           count(distinct (s.sm_res_session_fact_key, s.start_date_time_key)) as sessions,
           bool_or(s.start_ts <= case when s.is_kept then a.peak_before else a.peak_after end
               and s.end_ts > case when s.is_kept then a.peak_before else a.peak_after end) as is_in_peak,
           list(distinct (s.start_ts, s.end_ts) order by (s.start_ts, s.end_ts)) as spans
    from seat as s
    join asked as a using (day, region)
    group by s.is_kept, day, region, s.agent
)
select region,
       'concurrent' as measure,
       day::varchar as period,
       agent,
       'agent ' || agent || ' in ' || region || ': ' || coalesce(a.sessions, 0) || ' qualifying session'
           || case when a.sessions = 1 then '' else 's' end || ', was ' || coalesce(b.sessions, 0) || '; '
           || case when a.is_in_peak then 'in' else 'not in' end || ' the peak at '
           || strftime(make_timestamp(peak_after * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ', was '
           || case when b.is_in_peak then 'in' else 'not in' end || ' that at '
           || strftime(make_timestamp(peak_before * 1000000), '%Y-%m-%dT%H:%M:%SZ') as words
from (from part where is_kept) as b
full join (from part where not is_kept) as a using (day, region, agent)
join asked using (day, region)
where b.spans is distinct from a.spans
   or coalesce(b.is_in_peak, false) <> coalesce(a.is_in_peak, false)

-- name: source_month
-- Grain: agent of a region's month who is counted by the kept slices or by those read again, not by both, in words.
-- Output: source_effect. Inputs: kept_month_agent, month_agent of the slices read again; $month.
insert into source_effect
select region,
       'enabled',
       $month,
       agent,
       'agent ' || agent || ' is counted ' || case when a.agent is null then 'no more' else 'now' end
from kept_month_agent as b
full join month_agent as a using (region, agent)
where a.agent is null
   or b.agent is null

-- name: source_row
-- Grain: row of a day that the source has otherwise than the kept slice, in words: whose, which, what it was and what it is; beside
-- what all such rows of the day are, counted. What the slice keeps beside its own rows (R3, R5) is among them. A new update_audit_key alone is
-- no change.
-- Inputs: the published slices, the slices read again, and which of them could be counted; $days.
create or replace temp table source_row as
with asked as (
    select day
    from _data.computation
    where day in (select unnest($days::varchar[])::date)
),
timed as (
    select true as is_kept, 'session' as kind, 'session ' || sm_res_session_fact_key as row_name, 'no start' as unknown, *
    from published._data.voice_session
    union all by name
    select false as is_kept, 'session' as kind, 'session ' || sm_res_session_fact_key as row_name, 'no start' as unknown, *
    from _data.voice_session
    union all by name
    select true as is_kept, 'session' as kind, 'other session ' || sm_res_session_fact_key as row_name, *
    from published._data.other_session
    union all by name
    select false as is_kept, 'session' as kind, 'other session ' || sm_res_session_fact_key as row_name, *
    from _data.other_session
    union all by name
    select true as is_kept, 'activity' as kind, kind || ' ' || activity_key as row_name, 'no start' as unknown, * exclude (kind),
           ' on ' || coalesce(switch_name, 'an unknown switch') || ', attempt ' || coalesce(call_attempt_guid, 'unknown')
               || coalesce(', ' || dialing_mode_code, '') as of_call
    from published._data.ocs_activity
    union all by name
    select false as is_kept, 'activity' as kind, kind || ' ' || activity_key as row_name, 'no start' as unknown, * exclude (kind),
           ' on ' || coalesce(switch_name, 'an unknown switch') || ', attempt ' || coalesce(call_attempt_guid, 'unknown')
               || coalesce(', ' || dialing_mode_code, '') as of_call
    from _data.ocs_activity
    union all by name
    select true as is_kept, 'activity' as kind, 'other leg ' || activity_key as row_name, *, ' on ' || switch_name as of_call
    from published._data.other_leg
    union all by name
    select false as is_kept, 'activity' as kind, 'other leg ' || activity_key as row_name, *, ' on ' || switch_name as of_call
    from _data.other_leg
),
resource as (
    select true as is_kept, *
    from published._data.agent
    union all by name
    select false as is_kept, *
    from _data.agent
),
known as (
    select is_kept,
           day,
           resource_key,
           coalesce(nullif(employee_id, ''), '#' || resource_key) as agent
    from resource
    where day in (from asked)
),
named as (
    select is_kept,
           day,
           kind,
           row_name,
           start_date_time_key,
           resource_key,
           coalesce(strftime(make_timestamp(start_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ'), unknown) || ' to '
               || case when coalesce(active_flag, 0) <> 0 or end_ts is null then 'open'
                       else strftime(make_timestamp(end_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') end
               || coalesce(of_call, '') as words
    from timed
    where day in (from asked)
    union all
    select is_kept,
           day,
           'agent',
           'resource ' || resource_key,
           0,
           resource_key,
           'employee ' || coalesce(employee_id, 'unknown') || ', name ' || coalesce(resource_name, 'unknown')
    from resource
    where day in (from asked)
),
difference as (
    select day,
           coalesce(ra.agent, ka.agent, '#' || coalesce(r.resource_key, k.resource_key)) as agent,
           kind,
           row_name,
           start_date_time_key,
           case when k.words is null then 'added' when r.words is null then 'removed' else 'changed' end as what,
           k.words || case when k.resource_key <> r.resource_key then ', resource ' || k.resource_key else '' end as was,
           r.words || case when k.resource_key <> r.resource_key then ', resource ' || r.resource_key else '' end as is_now
    from (from named where is_kept) as k
    full join (from named where not is_kept) as r using (day, kind, row_name, start_date_time_key)
    left join known as ka on ka.is_kept
        and ka.day = k.day
        and ka.resource_key = k.resource_key
    left join known as ra on not ra.is_kept
        and ra.day = r.day
        and ra.resource_key = r.resource_key
    where k.words is distinct from r.words
       or k.resource_key is distinct from r.resource_key
),
tally as (
    select day,
           string_agg(
               n || ' ' || case when n = 1 then kind when kind = 'activity' then 'activities' else kind || 's' end || ' ' || what,
               ', ' order by what = 'changed', what, kind = 'agent', kind desc
           ) || ' in the source' as words
    from (
        select day, what, kind, count(*) as n
        from difference
        group by day, what, kind
    )
    group by day
)
select d.day::varchar as day,
       row_number() over (order by d.day, agent, kind desc, row_name, start_date_time_key) as nth,
       t.words,
       'agent ' || agent || ': ' || row_name || ' ' || what || case what
           when 'added' then ': ' || is_now
           when 'removed' then ', was: ' || was
           else ': ' || is_now || ', was: ' || was
       end as line
from difference as d
join tally as t using (day)

-- name: source_finding
-- Grain: finding, in words, and its details.
--   source_number: a number of a region, of a day or the month, is another one by the slices read again: days first, the regions as they
--   are given. Details: the agents who make the difference, and the rows of a day.
--   source_rows: rows of a day are, and no number of it. Details: the rows.
-- Inputs: source_effect, source_row, kept_daily_concurrent, kept_enabled_daily, kept_monthly_concurrent, kept_monthly_enabled, the results
-- of the slices read again, _data.issued_file; $days, $regions, $measures (that are issued, beside those that were).
with number as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           k.agents as was,
           n.agents as is_now
    from kept_daily_concurrent as k
    join _data.daily_concurrent as n using (day, region)
    where day in (select unnest($days::varchar[])::date)
      and k.location is null
      and n.location is null
    union all
    select region,
           'enabled',
           day::varchar,
           k.agents,
           n.agents
    from kept_enabled_daily as k
    join _data.enabled_daily as n using (day, region)
    where day in (select unnest($days::varchar[])::date)
    union all
    select region,
           'concurrent',
           month,
           k.agents,
           n.agents
    from kept_monthly_concurrent as k
    join _data.monthly_concurrent as n using (month, region)
    union all
    select region,
           'enabled',
           month,
           k.agents,
           n.agents
    from kept_monthly_enabled as k
    join _data.monthly_enabled as n using (month, region)
),
standing as (
    select region,
           measure,
           period,
           max(revision) as revision,
           arg_max(value, revision) as agents
    from _data.issued_file
    group by region, measure, period
),
moved as (
    select region,
           measure,
           period,
           was || ' ' || measure || ' agents' || coalesce(' (revision ' || revision || ' issued ' || s.agents || ')', '')
               || ' would be ' || is_now as words
    from number
    left join standing as s using (region, measure, period)
    where was <> is_now
      and (revision is not null
           or if(length(period) = 7, 'monthly_', 'daily_') || measure in (select unnest($measures::varchar[])))
),
effect as (
    select region,
           measure,
           period,
           list(words order by agent) as lines
    from source_effect
    group by region, measure, period
),
changed as (
    select day as period,
           any_value(words) as words,
           list(line order by nth) as lines
    from source_row
    group by day
),
finding as (
    select 'source_number' as rule,
           region,
           measure,
           period,
           if(length(period) = 7, '', coalesce(c.words, 'no row changed') || ': ') || m.words as words,
           list_concat(e.lines, c.lines) as lines
    from moved as m
    left join effect as e using (region, measure, period)
    left join changed as c using (period)
    union all
    select 'source_rows', '', '', period, words || '; every daily number stays', lines
    from changed
    anti join moved using (period)
)
select rule,
       region,
       period,
       words,
       lines
from finding
order by rule, length(period) desc, measure, period, list_position($regions::varchar[], region), region
