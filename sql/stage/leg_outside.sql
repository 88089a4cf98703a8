-- Grain: staged leg that begins outside the day, for what belongs to it to be looked up.
-- Input: _stage.gim.interaction_resource_fact; $key_from and $key_to bound the day's time keys.
select distinct interaction_resource_id,
                start_date_time_key
from _stage.gim.interaction_resource_fact
where start_date_time_key < $key_from
   or start_date_time_key >= $key_to
order by interaction_resource_id, start_date_time_key
