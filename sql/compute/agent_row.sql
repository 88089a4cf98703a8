-- Grain: resource of the slice, as read. For the sweep (R12).
-- Input: _data.agent; $day.
select resource_key,
       employee_id,
       resource_name
from _data.agent
where day = $day::date
