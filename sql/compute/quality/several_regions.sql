-- R11 several_regions: qualifying sessions whose switches lead into more than one region.
-- Inputs: session_location, occupied_session.
insert into data.data_quality
with finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key::varchar as example
    from session_location as l
    join occupied_session as s using (session_id)
    group by s.session_id, s.sm_res_session_fact_key
    having count(distinct l.region) > 1
)
select $day::date,
       'several_regions',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
