-- Grain: primary key of a session that the window holds more than once. In one chunk that is a fault of
-- the source (R11 duplicate_key); in several it is how an export brings corrections.
-- Input: stage.gim.sm_res_session_fact; $key_from and $key_to bound start_date_time_key.
create or replace temp table repeated_session as
with repeated as (
    select sm_res_session_fact_key,
           start_date_time_key,
           count(*) as copies
    from stage.gim.sm_res_session_fact
    where start_date_time_key >= $key_from
      and start_date_time_key < $key_to
    group by all
    having count(*) > 1
)
select r.sm_res_session_fact_key,
       r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join stage.gim.sm_res_session_fact as f using (sm_res_session_fact_key, start_date_time_key)
group by all
