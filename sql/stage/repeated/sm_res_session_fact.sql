-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_sm_res_session_fact as
with repeated as (
    select sm_res_session_fact_key,
           start_date_time_key,
           count(*) as copies
    from _stage.gim.sm_res_session_fact
    where not $unique
    group by sm_res_session_fact_key, start_date_time_key
    having count(*) > 1
)
select r.sm_res_session_fact_key,
       r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.sm_res_session_fact as f using (sm_res_session_fact_key, start_date_time_key)
group by r.sm_res_session_fact_key, r.start_date_time_key
