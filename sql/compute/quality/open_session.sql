-- R11 open_session: sessions without a logout when the slice was read. Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where is_open
)
select $day::date,
       'open_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
