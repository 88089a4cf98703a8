-- R11 long_session: sessions of more than 24 hours from login to logout. Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where logout_ts - start_ts > 86400
)
select $day::date,
       'long_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
