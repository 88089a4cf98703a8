-- Grain: tenant, period and region, or location of a region: the peak of each day (R8), and the enabled agents of each month (R9); of
-- regions also the enabled agents of each day and the peak of each month; for all tenants and days at once. Written from the rules
-- alone, for Spark, DuckDB and PostgreSQL as they are: a third opinion that shares nothing with the two that are issued.
-- Inputs, relations of the lake: voice_session, ocs_activity, agent, rule. Each day is counted by its own rules. A month counts
-- the days that are there: whether it is whole is for the asker to know.
with moment as (                                                -- R2, R10: what a day says of all its sessions
    select tenant, day, as_of_ts, extracted_ts, case when session_end = 'inclusive' then 1 else 0 end as last_second
    from rule
    where kind = 'day'
),
login as (                                                      -- R2; those beside a day's slice only end what started in them (R3)
    select s.tenant, s.day, s.resource_key, s.sm_res_session_fact_key, s.start_date_time_key, s.start_ts, s.is_beside,
           case
               when coalesce(s.active_flag, 0) <> 0 or s.end_ts is null then greatest(m.as_of_ts, s.start_ts + 1) + m.last_second
               else greatest(s.end_ts + m.last_second, s.start_ts + 1)
           end as end_ts
    from voice_session as s
    join moment as m on m.tenant = s.tenant
        and m.day = s.day
    where s.start_ts is not null
      and (coalesce(s.active_flag, 0) <> 0 or s.end_ts is null or s.end_ts >= s.start_ts)
),
leg as (                                                        -- R3, R5: activities, and calls that only tell a switch
    select tenant, day, resource_key, start_ts, nullif(switch_name, '') as switch_name,
           case when kind = 'call' then 0 else 1 end as is_driven,
           case when coalesce(active_flag, 0) <> 0 then null else end_ts end as end_ts
    from ocs_activity
    where start_ts is not null
),
ended as (                                                      -- R3: what has no end ends with the session that it started in
    select a.tenant, a.day, a.resource_key, a.start_ts, a.switch_name, a.is_driven, max(l.end_ts) as end_ts
    from leg as a
    join login as l on l.tenant = a.tenant
        and l.day = a.day
        and l.resource_key = a.resource_key
        and l.start_ts <= a.start_ts
        and l.end_ts > a.start_ts
    where a.end_ts is null
    group by a.tenant, a.day, a.resource_key, a.start_ts, a.switch_name, a.is_driven
),
activity as (                                                   -- R3
    select a.tenant, a.day, a.resource_key, a.start_ts, a.switch_name, a.is_driven, greatest(a.end_ts, a.start_ts + 1) as end_ts
    from leg as a
    where a.end_ts >= a.start_ts
    union all
    select a.tenant, a.day, a.resource_key, a.start_ts, a.switch_name, a.is_driven,
           greatest(coalesce(e.end_ts, m.as_of_ts), a.start_ts + 1)
    from leg as a
    join moment as m on m.tenant = a.tenant
        and m.day = a.day
    left join ended as e on e.tenant = a.tenant
        and e.day = a.day
        and e.resource_key = a.resource_key
        and e.start_ts = a.start_ts
        and e.is_driven = a.is_driven
        and coalesce(e.switch_name, '') = coalesce(a.switch_name, '')
    where a.end_ts is null
),
person as (                                                     -- R6
    select tenant, day, resource_key, coalesce(employee_id, '') as employee_id, coalesce(resource_name, '') as resource_name,
           coalesce(nullif(employee_id, ''), '#' || cast(resource_key as varchar(20))) as agent
    from agent
),
excluded as (                                                   -- R6: a pattern that fits any resource of a person leaves out the person
    select distinct a.tenant, a.day, a.agent
    from person as a
    join (
        select tenant, day,
               replace(replace(replace(replace(replace(pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
        from rule
        where kind = 'exclude'
    ) as x on x.tenant = a.tenant
        and x.day = a.day
    where a.employee_id like x.wildcard escape '!'
       or a.resource_name like x.wildcard escape '!'
),
seated as (                                                     -- R6: sessions of those who are not left out
    select o.tenant, o.day, o.sm_res_session_fact_key, o.start_date_time_key, o.resource_key, o.start_ts, o.end_ts,
           coalesce(g.agent, '#' || cast(o.resource_key as varchar(20))) as agent
    from login as o
    left join person as g on g.tenant = o.tenant
        and g.day = o.day
        and g.resource_key = o.resource_key
    left join excluded as x on x.tenant = g.tenant
        and x.day = g.day
        and x.agent = g.agent
    where x.agent is null
      and not o.is_beside
),
met as (                                                        -- R4, R5: session with each switch of a leg that shares a second with it
    select distinct s.tenant, s.day, s.resource_key, s.sm_res_session_fact_key, s.start_date_time_key, s.start_ts, s.end_ts, s.agent, a.switch_name, a.is_driven
    from seated as s
    join activity as a on a.tenant = s.tenant
        and a.day = s.day
        and a.resource_key = s.resource_key
        and a.start_ts < s.end_ts
        and a.end_ts > s.start_ts
),
known as (                                                      -- R4: whether its session qualifies; R5: how many switches its activities know
    select tenant, day, resource_key, start_ts, end_ts, agent, switch_name, is_driven,
           max(is_driven) over (partition by tenant, day, sm_res_session_fact_key, start_date_time_key) as qualifies,
           count(case when is_driven = 1 then switch_name end) over (partition by tenant, day, sm_res_session_fact_key, start_date_time_key) as switches,
           count(case when is_driven = 0 then switch_name end) over (partition by tenant, day, sm_res_session_fact_key, start_date_time_key) as told
    from met
),
placed as (                                                     -- R5: by its activities; by what else tells; by nothing, in the default location
    select distinct k.tenant, k.day, k.resource_key, k.start_ts, k.end_ts, k.agent,
           coalesce(l.region, d.region) as region,
           coalesce(l.location, d.location) as location
    from known as k
    left join rule as l on l.kind = 'switch'
        and l.tenant = k.tenant
        and l.day = k.day
        and l.switch_name = k.switch_name
    left join rule as d on d.kind = 'location'
        and d.is_default
        and d.tenant = k.tenant
        and d.day = k.day
    where k.qualifies = 1
      and (k.is_driven = 1 and k.switch_name is not null
           or k.switches = 0 and k.is_driven = 0
           or k.switches = 0 and k.told = 0)
),
span as (                                                       -- R7: regions and locations with their day; '' is the region as a whole
    select tenant, month, day, region, '' as location, start_ts, end_ts
    from rule
    where kind = 'region'
    union all
    select l.tenant, l.month, l.day, l.region, l.location, r.start_ts, r.end_ts
    from rule as l
    join rule as r on r.kind = 'region'
        and r.tenant = l.tenant
        and r.day = l.day
        and r.region = l.region
    where l.kind = 'location'
),
present as (                                                    -- R8: who is where, within the day
    select w.tenant, w.day, w.region, w.location, p.resource_key, p.agent,
           greatest(p.start_ts, w.start_ts) as start_ts,
           least(p.end_ts, w.end_ts) as end_ts
    from placed as p
    join span as w on w.tenant = p.tenant
        and w.day = p.day
        and w.region = p.region
        and (w.location = p.location or w.location = '')
    where p.start_ts < w.end_ts
      and p.end_ts > w.start_ts
      and w.start_ts < w.end_ts
),
reached as (                                                    -- R8: up to when the agent was there before
    select tenant, day, region, location, agent, start_ts, end_ts,
           max(end_ts) over (partition by tenant, day, region, location, agent order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding) as until_ts
    from present
),
counted as (                                                    -- a stretch that nothing before it covers: of different agents, not sessions
    select tenant, day, region, location, greatest(start_ts, coalesce(until_ts, start_ts)) as start_ts, end_ts
    from reached
    where until_ts is null
       or end_ts > until_ts
),
change as (                                                     -- one more where a stretch begins, one fewer where it ends
    select tenant, day, region, location, second_ts, sum(agents) as agents
    from (
        select c.tenant, c.day, c.region, c.location, e.agents,
               case when e.agents = 1 then c.start_ts else c.end_ts end as second_ts
        from counted as c
        cross join (select 1 as agents union all select -1) as e
    ) as c
    group by tenant, day, region, location, second_ts
),
step as (
    select tenant, day, region, location, second_ts,
           sum(agents) over (partition by tenant, day, region, location order by second_ts) as agents,
           lead(second_ts) over (partition by tenant, day, region, location order by second_ts) - second_ts as seconds
    from change
),
ranked as (
    select tenant, day, region, location, second_ts, agents, seconds,
           max(agents) over (partition by tenant, day, region, location) as most
    from step
),
peak as (                                                       -- R8
    select tenant, day, region, location, max(agents) as agents, min(second_ts) as peak_ts, sum(seconds) as peak_seconds
    from ranked
    where agents = most
    group by tenant, day, region, location
),
word as (                                                       -- R6: what each slice says of a resource key, the newest of a month first
    select g.tenant, g.month, g.resource_key,
           coalesce(nullif(g.employee_id, ''), '#' || cast(g.resource_key as varchar(20))) as agent,
           row_number() over (partition by g.tenant, g.month, g.resource_key
               order by m.as_of_ts desc, m.extracted_ts desc, g.day desc) as place
    from agent as g
    join moment as m on m.tenant = g.tenant
        and m.day = g.day
),
per as (select 'day' as period union all select 'month'),
top as (                                                        -- each day beside the highest of its month
    select w.tenant, w.region, w.location, w.month, w.day, coalesce(p.agents, 0) as agents, p.peak_ts, p.peak_seconds,
           coalesce(max(p.agents) over (partition by w.tenant, w.region, w.location, w.month), 0) as most
    from span as w
    left join peak as p on p.tenant = w.tenant
        and p.day = w.day
        and p.region = w.region
        and p.location = w.location
)
select t.tenant,
       t.region,
       nullif(t.location, '') as location,
       'concurrent' as measure,
       case when per.period = 'day' then cast(t.day as varchar(10)) else t.month end as period,
       cast(max(t.agents) as bigint) as value,
       min(t.peak_ts) as peak_ts,
       cast(sum(t.peak_seconds) as bigint) as peak_seconds
from top as t
cross join per
where per.period = 'day'
   or t.location = '' and t.agents = t.most
group by t.tenant, t.region, t.location, case when per.period = 'day' then cast(t.day as varchar(10)) else t.month end
union all
select w.tenant, w.region, null, 'enabled',
       case when per.period = 'day' then cast(w.day as varchar(10)) else w.month end,
       count(distinct case when per.period = 'day' then p.agent else coalesce(n.agent, p.agent) end), null, null
from span as w
cross join per
left join present as p on p.tenant = w.tenant
    and p.day = w.day
    and p.region = w.region
    and p.location = ''
left join word as n on n.tenant = p.tenant
    and n.month = w.month
    and n.resource_key = p.resource_key
    and n.place = 1
where w.location = ''
group by w.tenant, w.region, case when per.period = 'day' then cast(w.day as varchar(10)) else w.month end
order by tenant, measure, period, region, location
