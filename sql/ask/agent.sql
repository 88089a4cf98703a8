-- Grain: day x session of an agent (R6: an employee_id, or #resource_key where that is empty) x location where it counts, or would but
-- for the region's day (R8); one in all of a session that counts nowhere. What became of it: it goes through the rules, in their order,
-- up to the one that stops it. Activities come in the order in which the counting numbers them, so that the first that fits is the one
-- the store names. Sessions beside the slice end what started in them (R3); other legs only tell a switch (R5).
-- Of those, what is asked for by a region, and a location ('' for all): of a session that has no place there, once, that it belongs
-- elsewhere (R5); and whatever the store says otherwise than the rules, with its word. What it counts and no rule explains comes last.
-- Behind what is shown: the region by whose clock it is told, and the store's verdict where it is another than by the rules.
-- Inputs: _data.agent, voice_session, other_session, ocs_activity, other_leg, qualifying_session; $rules, a list of days as JSON;
-- $tenant, $agents, $region, $location.
with rule as materialized (
    select unnest(day)
    from (
        select unnest(from_json_strict($rules, '[{
            "day": "DATE",
            "as_of": "BIGINT",
            "end_second_counts": "BOOLEAN",
            "exclude": ["VARCHAR"],
            "regions": [{
                "region": "VARCHAR",
                "span": {"Start": "BIGINT", "End": "BIGINT"},
                "locations": [{"location": "VARCHAR", "switches": ["VARCHAR"]}]
            }],
            "zones": "MAP(VARCHAR, VARCHAR)"
        }]')) as day
    )
),
region as (
    select day,
           region.region,
           region.span.Start as from_ts,
           region.span.End as until_ts,
           zones[region.region] as zone,
           region.locations
    from (select *, unnest(regions) as region from rule)
),
place as (
    select day,
           region,
           location.location,
           coalesce(location.switches, []) as switches
    from (select *, unnest(locations) as location from region)
),
listed as (
    select *,
           unnest(switches) as switch_name
    from place
),
asked as materialized ( -- or it is a join each time that it is read
    select day,
           as_of,
           end_second_counts::integer as last_second,
           agent,
           try_cast(substr(agent, 2) as bigint) as resource_key
    from rule
    cross join (select unnest($agents::varchar[]) as agent)
),
resource as materialized (
    select a.day,
           a.resource_key,
           coalesce(a.employee_id, '') as employee_id,
           coalesce(a.resource_name, '') as resource_name,
           q.agent,
           q.as_of,
           q.last_second
    from _data.agent as a
    join asked as q on q.day = a.day
        and q.agent = coalesce(nullif(a.employee_id, ''), '#' || a.resource_key)
    union all
    select distinct day,
                    resource_key,
                    '',
                    '',
                    q.agent,
                    q.as_of,
                    q.last_second
    from _data.voice_session as s
    join asked as q using (day, resource_key)
    anti join _data.agent as a using (day, resource_key)
    where q.agent = '#' || resource_key
),
excluded as ( -- R6
    select r.day,
           r.agent,
           arg_min(struct_pack(
               pattern := p.pattern,
               field := if(regexp_full_match(r.employee_id, p.fits), 'employee_id', 'resource_name'),
               value := if(regexp_full_match(r.employee_id, p.fits), r.employee_id, r.resource_name)
           ), (p.nth, r.resource_key)) as by
    from resource as r
    join (
        select day,
               unnest(exclude) as pattern,
               unnest(range(len(exclude))) as nth,
               '(?s)' || replace(replace(regexp_escape(pattern), '\*', '.*'), '\?', '.') as fits
        from rule
    ) as p on p.day = r.day
        and (regexp_full_match(r.employee_id, p.fits) or regexp_full_match(r.resource_name, p.fits))
    group by r.day, r.agent
),
login as materialized ( -- R2
    select r.day,
           r.agent,
           r.resource_key,
           s.sm_res_session_fact_key,
           s.start_date_time_key,
           s.start_ts,
           s.end_ts,
           case when coalesce(s.active_flag, 0) = 0 then s.end_ts end as logout_ts, -- null while it is open, whatever its row says
           case
               when s.start_ts is null then 'no start_ts'
               when logout_ts < s.start_ts then 'end_ts before start_ts'
           end as rejected,
           case
               when rejected is not null then null
               when logout_ts is null then greatest(r.as_of, s.start_ts + 1) + r.last_second
               else greatest(logout_ts + r.last_second, s.start_ts + 1)
           end as until_ts,
           s.is_beside
    from (
        select *,
               false as is_beside
        from _data.voice_session
        union all by name
        select *,
               true as is_beside
        from _data.other_session
    ) as s
    join resource as r using (day, resource_key)
),
session as materialized (
    select *,
           row_number() over (
               partition by day, agent
               order by resource_key, start_ts nulls first, end_ts, sm_res_session_fact_key, start_date_time_key
           ) as session
    from login
    where not is_beside
),
activity as materialized ( -- R3
    select a.*,
           a.start_ts is not null and (a.is_open or a.end_ts >= a.start_ts) as is_valid,
           greatest(
               case when a.is_open then coalesce(
                   (
                       select max(s.until_ts)
                       from login as s
                       where s.day = a.day
                         and s.resource_key = a.resource_key
                         and s.start_ts <= a.start_ts
                         and s.until_ts > a.start_ts
                   ),
                   a.as_of
               ) else a.end_ts end,
               a.start_ts + 1
           ) as until_ts,
           row_number() over (
               partition by a.day, a.resource_key
               order by a.start_ts, a.kind, a.activity_key, a.start_date_time_key
           ) as nth
    from (
        select r.day,
               r.agent,
               r.resource_key,
               r.as_of,
               l.is_other,
               l.kind,
               l.activity_key,
               l.start_date_time_key,
               coalesce(l.switch_name, '') as switch_name,
               coalesce(l.call_attempt_guid, '') as call_attempt_guid,
               l.start_ts,
               l.end_ts,
               coalesce(l.active_flag, 0) <> 0 or l.end_ts is null as is_open
        from (
            select *,
                   false as is_other
            from _data.ocs_activity
            union all by name
            select *,
                   'leg' as kind,
                   true as is_other
            from _data.other_leg
        ) as l
        join resource as r using (day, resource_key)
    ) as a
),
met as materialized ( -- R4
    select s.day,
           s.agent,
           s.session,
           s.resource_key = a.resource_key as is_own,
           a.* exclude (day, agent, is_valid)
    from session as s
    join activity as a on a.day = s.day
        and a.agent = s.agent
        and a.is_valid
        and a.start_ts < s.until_ts
        and a.until_ts > s.start_ts
    anti join excluded as x on x.day = s.day
        and x.agent = s.agent
),
known as (
    select day,
           agent,
           session,
           bool_or(switch_name <> '') filter (not is_other) as is_known,
           not is_known and bool_or(is_other) as is_told, -- by other legs
           count(*) filter (not is_other) as activities,
           min(nth) filter (not is_other) as first
    from met
    where is_own
    group by day, agent, session
    having bool_or(not is_other)
),
telling as materialized ( -- R5
    select m.*,
           k.is_told,
           coalesce(l.region, d.region) as region,
           coalesce(l.location, d.location) as location,
           case
               when m.switch_name = '' then 'default: switch unknown'
               when l.region is not null then 'listed switch'
               else 'default: switch not listed'
           end as decision
    from met as m
    join known as k using (day, agent, session)
    left join listed as l on l.day = m.day
        and l.switch_name = m.switch_name
    left join place as d on d.day = m.day
        and d.switches = []
    where m.is_own
      and m.is_other = k.is_told
      and (m.switch_name <> '' or not k.is_known)
),
led as (
    select day,
           agent,
           session,
           region,
           location,
           min(nth) as first,
           count(*) as activities,
           arg_min(decision, nth) || if(
               any_value(is_told),
               format(' ({}, told by leg {} of the same login)', arg_min(switch_name, nth), arg_min(activity_key, nth)),
               ''
           ) as decision
    from telling
    where region is not null
    group by day, agent, session, region, location
),
nowhere as (
    select day,
           agent,
           session,
           min(nth) as first,
           count(*) as activities,
           array_to_string(list_sort(list(distinct if(switch_name = '', 'an unknown switch', 'switch ' || switch_name))), ', ')
               || ' leads nowhere: no location lists it and there is no default location' as words
    from telling
    where region is null
    group by day, agent, session
),
idle as ( -- what there is instead of an activity: another resource of the same agent that was active does not help (R4)
    select s.day,
           s.agent,
           s.session,
           arg_min(
               format(
                   '; the nearest is {} {}, {} s away',
                   a.kind, a.activity_key, greatest(a.start_ts - s.until_ts, s.start_ts - a.until_ts) + 1
               ),
               (greatest(a.start_ts - s.until_ts, s.start_ts - a.until_ts), a.nth)
           ) filter (a.is_valid) as nearest,
           count(*) filter (not a.is_valid) as rejected
    from session as s
    join activity as a using (day, resource_key)
    where not a.is_other
    group by s.day, s.agent, s.session
),
active_beside as (
    select day,
           agent,
           session,
           min(resource_key) as resource_key
    from met
    where not is_own
      and not is_other
    group by day, agent, session
),
stopped as (
    select s.* exclude (end_ts, is_beside),
           coalesce(l.region, '') as region,
           coalesce(l.location, '') as location,
           coalesce(l.first, 0) as turn,
           case when k.is_told then k.first else coalesce(l.first, n.first) end as first,
           case when k.is_told then k.activities else coalesce(l.activities, n.activities, 0) end as activities,
           coalesce(l.decision, '') as decision,
           r.from_ts,
           r.until_ts as day_until_ts,
           x.by as excluded,
           case
               when s.rejected is not null then 'R2'
               when excluded is not null then 'R6'
               when k.session is null then 'R4'
               when l.session is null then 'R5'
               when not greatest(s.start_ts, r.from_ts) < least(s.until_ts, r.until_ts) then 'R8'
           end as stop,
           case stop
               when 'R2' then 'rejected: ' || s.rejected
               when 'R6' then concat('exclude_agents ', to_json(x.by.pattern), ' fits ', x.by.field, ' ', to_json(x.by.value))
               when 'R4' then concat(
                   'no activity of resource_key ', s.resource_key, ' shares a second with the session', i.nearest,
                   if(i.rejected > 0, '; ' || i.rejected || ' of it rejected (R3)', ''),
                   '; one of resource_key ' || b.resource_key || ', the same agent, does'
               )
               when 'R5' then 'unmapped: ' || n.words
               when 'R8' then format('shares no second with {} in {}', s.day::varchar, r.zone)
               else coalesce('in part unmapped: ' || n.words, '')
           end as reason
    from session as s
    left join excluded as x using (day, agent)
    left join known as k using (day, agent, session)
    left join led as l using (day, agent, session)
    left join nowhere as n using (day, agent, session)
    left join idle as i using (day, agent, session)
    left join active_beside as b using (day, agent, session)
    left join region as r on r.day = s.day
        and r.region = l.region
),
shared as ( -- R8: sessions of one agent that count in the same region and share seconds of its day add one agent, not two
    select f.day,
           f.agent,
           f.session,
           f.region,
           f.location,
           arg_min(o.sm_res_session_fact_key, o.session) as other_key
    from stopped as f
    join stopped as o on o.day = f.day
        and o.agent = f.agent
        and o.region = f.region
        and o.session <> f.session
        and o.start_ts < least(f.until_ts, f.day_until_ts)
        and o.until_ts > greatest(f.start_ts, f.from_ts)
    where f.stop is null
      and o.stop is null
    group by f.day, f.agent, f.session, f.region, f.location
),
fate as (
    select f.*,
           case when f.stop is not null then 'not counted' when o.session is not null then 'counted once' else 'counted' end as verdict,
           concat_ws(', ', coalesce(f.stop, if(f.reason <> '', 'R5', null)), if(o.session is not null, 'R8', null)) as rule,
           concat_ws('; ', nullif(f.reason, ''), 'shares seconds with session ' || o.other_key || ' of the same agent') as words,
           f.region = '' or $region = '' or f.region = $region and $location in ('', f.location) as is_here
    from stopped as f
    left join shared as o using (day, agent, session, region, location)
),
seat as (
    select day,
           agent,
           sm_res_session_fact_key,
           start_date_time_key,
           region,
           location,
           true as is_stored
    from _data.qualifying_session
    semi join asked using (day, agent)
),
told as (
    select * exclude (verdict, rule, words, is_stored),
           coalesce(f.verdict, 'not counted') as verdict,
           coalesce(f.rule, '') as rule,
           coalesce(f.words, '') as words,
           if(s.is_stored is null, 'not counted', 'counted') as stored,
           (s.is_stored is null) <> (coalesce(f.verdict, 'not counted') = 'not counted') as differs,
           case
               when row_number() over login = 1 and not bool_or(f.is_here) over login
               then string_agg(region || '/' || location, ', ') over login
               else ''
           end as elsewhere
    from fate as f
    full join seat as s using (day, agent, sm_res_session_fact_key, start_date_time_key, region, location)
    window login as (
        partition by day, agent, f.session
        order by f.turn
        rows between unbounded preceding and unbounded following
    )
)
select $tenant as tenant,
       f.agent,
       f.day as date,
       coalesce(f.resource_key, 0) as resource_key,
       f.sm_res_session_fact_key,
       f.start_date_time_key,
       to_timestamp(f.start_ts) as login,
       to_timestamp(f.logout_ts) as logout,
       nullif(f.region, '') as region,
       nullif(f.location, '') as location,
       if(elsewhere = '' or differs, verdict, 'not counted') as verdict,
       nullif(if(elsewhere = '' or differs, rule, 'R5'), '') as rule,
       nullif(if(elsewhere = '' or differs, words, 'belongs to ' || elsewhere), '') as reason,
       coalesce(f.activities, 0) as activities,
       a.kind,
       a.activity_key,
       a.start_date_time_key as activity_date_time_key,
       to_timestamp(a.start_ts) as activity_start,
       nullif(a.switch_name, '') as switch,
       nullif(a.call_attempt_guid, '') as call_attempt_guid,
       nullif(f.decision, '') as decision,
       coalesce(nullif(f.region, ''), last_value(nullif(f.region, '') ignore nulls) over listed, ''),
       if(differs, stored, '')
from told as f
left join activity as a on a.day = f.day
    and a.resource_key = f.resource_key
    and a.nth = f.first
where differs
   or f.is_here
   or elsewhere <> ''
window listed as (
    order by f.day, f.agent, f.session, f.turn
    rows between unbounded preceding and unbounded following
)
order by f.day, f.agent, f.session, f.turn
