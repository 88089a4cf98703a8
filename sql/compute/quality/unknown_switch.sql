-- R11 unknown_switch: qualifying sessions without a known switch, put into the default location (R5).
-- Inputs: session_location, occupied_session.
insert into _data.data_quality
with finding as (
    select s.sm_res_session_fact_key as sort_key,
           s.sm_res_session_fact_key::varchar as example
    from session_location as l
    join occupied_session as s on s.rowid = l.session_id
    where l.told_by = 'nothing'
      and l.place_id <> 0
)
select $day::date,
       'unknown_switch',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
