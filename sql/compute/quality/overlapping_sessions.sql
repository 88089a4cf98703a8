-- R11 overlapping_sessions: sessions that share a second with an earlier one of the same agent.
-- Input: occupied_session.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from occupied_session
    where shares_earlier
)
select $day::date,
       'overlapping_sessions',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
