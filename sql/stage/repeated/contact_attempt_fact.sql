-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_contact_attempt_fact as
with repeated as (
    select contact_attempt_fact_key,
           start_date_time_key,
           count(*) as copies
    from _stage.gim.contact_attempt_fact
    where not $unique
    group by contact_attempt_fact_key, start_date_time_key
    having count(*) > 1
)
select r.contact_attempt_fact_key,
       r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.contact_attempt_fact as f using (contact_attempt_fact_key, start_date_time_key)
group by r.contact_attempt_fact_key, r.start_date_time_key
