-- R11 unmapped_switch: qualifying sessions with a switch that no location lists, or none that is known, where
-- there is no default location (R5). Each example names the switches.
-- Inputs: session_location, occupied_session.
insert into data.data_quality
with finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key || ' on '
               || coalesce(nullif(array_to_string(l.unmapped_switches, ', '), ''), 'an unknown switch') as example
    from session_location as l
    join occupied_session as s using (session_id)
    where l.region is null
)
select $day::date,
       'unmapped_switch',
       true,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
