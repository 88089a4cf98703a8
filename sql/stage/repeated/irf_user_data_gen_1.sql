-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_irf_user_data_gen_1 as
with repeated as (
    select interaction_resource_id,
           start_date_time_key,
           count(*) as copies
    from _stage.gim.irf_user_data_gen_1
    where not $unique
    group by interaction_resource_id, start_date_time_key
    having count(*) > 1
)
select r.interaction_resource_id,
       r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.irf_user_data_gen_1 as f using (interaction_resource_id, start_date_time_key)
group by r.interaction_resource_id, r.start_date_time_key
