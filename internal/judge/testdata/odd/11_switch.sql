-- Switches are compared exactly (R5). A queue has one too.
update resource_
set switch_name = lower(switch_name)
where resource_key % 29 = 3;

update resource_
set switch_name = switch_name || ' '
where resource_key % 29 = 4;

update interaction_resource_fact
set media_resource_key = 100 + interaction_resource_id % 4,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id % 31 = 5;
