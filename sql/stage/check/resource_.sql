-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(resource_type_code), coalesce(sum(strlen(resource_type_code)), 0)::varchar,
       count(resource_name), coalesce(sum(strlen(resource_name)), 0)::varchar,
       count(employee_id), coalesce(sum(strlen(employee_id)), 0)::varchar,
       count(switch_name), coalesce(sum(strlen(switch_name)), 0)::varchar
from _stage.gim.resource_
