-- R11 several_regions: qualifying sessions whose switches lead into more than one region.
-- Inputs: session_location, place, occupied_session.
insert into _data.data_quality
with spread as (
    select l.session_id
    from session_location as l
    join place as p using (place_id)
    group by l.session_id
    having min(p.region_id) <> max(p.region_id)
),
finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key::varchar as example
    from spread
    join occupied_session as s on s.rowid = spread.session_id
)
select $day::date,
       'several_regions',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
