-- Grain: primary key of a contact attempt that the window holds more than once (R11 duplicate_key).
-- Input: stage.gim.contact_attempt_fact; $key_from and $key_to bound start_date_time_key.
create or replace temp table repeated_attempt as
with repeated as (
    select contact_attempt_fact_key,
           start_date_time_key,
           count(*) as copies
    from stage.gim.contact_attempt_fact
    where start_date_time_key >= $key_from
      and start_date_time_key < $key_to
    group by all
    having count(*) > 1
)
select r.contact_attempt_fact_key,
       r.start_date_time_key,
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join stage.gim.contact_attempt_fact as f using (contact_attempt_fact_key, start_date_time_key)
group by all
