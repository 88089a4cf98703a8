-- Grain: primary key of a candidate leg whose leg or attached data the window holds more than once.
-- A pair of copies is a fault where one chunk holds two of either (R11 duplicate_key).
-- Input: candidate_leg.
create or replace temp table repeated_leg as
with repeated as (
    select interaction_resource_id,
           start_date_time_key
    from candidate_leg
    group by all
    having count(*) > 1
)
select interaction_resource_id,
       start_date_time_key,
       count(distinct c.arrival) as copies,
       count(distinct c.arrival) > count(distinct c.chunk) as is_fault,
       count(distinct c.data_arrival) as data_copies,
       count(distinct c.data_arrival) > count(distinct c.data_chunk) as is_data_fault
from repeated as r
join candidate_leg as c using (interaction_resource_id, start_date_time_key)
group by all
