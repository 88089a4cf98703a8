-- Grain: resource. The newest row of each resource that the source holds; resources have no
-- update_audit_key, so the order of arrival decides.
-- Input: stage.gim.resource_.
create or replace table stage.gim.known_resource as
select resource_key,
       resource_type_code,
       resource_name,
       employee_id,
       switch_name
from stage.gim.resource_
qualify row_number() over (partition by resource_key order by chunk desc, rowid desc) = 1
