-- R11 unmapped_switch: qualifying sessions with a switch that no location lists, or none that is known, where
-- there is no default location (R5). Each example names the switches.
-- Inputs: session_location, occupied_activity, occupied_other_leg, occupied_session, rule_switch; $day.
insert into _data.data_quality
with unmapped as (
    select session_id,
           told_by
    from session_location
    where place_id = 0
),
reached as (
    select u.session_id,
           a.switch_name
    from unmapped as u
    join occupied_session as s on s.rowid = u.session_id
    join occupied_activity($day) as a on a.resource_key = s.resource_key
        and s.start_ts < a.end_ts
        and s.end_ts > a.start_ts
    union all
    select u.session_id,
           o.switch_name
    from unmapped as u
    join occupied_session as s on s.rowid = u.session_id
    join occupied_other_leg as o on o.resource_key = s.resource_key
        and s.start_ts < o.end_ts
        and s.end_ts > o.start_ts
    where u.told_by = 'other leg'
),
named as (
    select r.session_id,
           string_agg(distinct r.switch_name, ', ' order by r.switch_name) as switches
    from reached as r
    where r.switch_name is not null
      and not exists (
          from rule_switch as w
          where w.switch_name = r.switch_name
      )
    group by r.session_id
),
finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key || ' on ' || coalesce(n.switches, 'an unknown switch') as example
    from unmapped
    join occupied_session as s on s.rowid = unmapped.session_id
    left join named as n using (session_id)
)
select $day::date,
       'unmapped_switch',
       true,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
