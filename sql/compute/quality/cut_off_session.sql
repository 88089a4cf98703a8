-- R11 cut_off_session: sessions longer than the slice looked back before its day (max_session_hours). Days that begin later
-- than that after the login do not see them. Each example names the hours that would have to be looked back.
-- Inputs: occupied_session, _data.slice; $day.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key || ' of ' || (logout_ts - start_ts + 3599) // 3600 || ' hours' as example
    from occupied_session
    where logout_ts - start_ts > (select lookback_seconds from _data.slice where day = $day::date)
)
select $day::date,
       'cut_off_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
