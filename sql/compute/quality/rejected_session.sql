-- R11 rejected_session: voice sessions that R2 rejects. Input: _data.voice_session; $day.
insert into _data.data_quality
with finding as (
    select sm_res_session_fact_key as sort_key,
           sm_res_session_fact_key::varchar as example
    from _data.voice_session
    where day = $day::date
      and (start_ts is null
           or (coalesce(active_flag, 0) = 0 and end_ts < start_ts))
)
select $day::date,
       'rejected_session',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
