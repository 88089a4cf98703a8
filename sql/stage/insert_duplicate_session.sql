-- Primary keys of the slice's sessions that the source held twice in one chunk (R11 duplicate_key).
insert into _data.duplicate_key
select $day::date,
       'sm_res_session_fact',
       r.sm_res_session_fact_key || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_sm_res_session_fact as r
join slice_session as s using (sm_res_session_fact_key, start_date_time_key)
where r.is_fault
order by all
