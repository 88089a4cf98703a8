-- Legs that never end: without end_ts, or active whatever end_ts says; and legs of which it is not said whether they are.
update interaction_resource_fact
set end_ts = null,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id % 97 = 1
  and end_ts is not null;

update interaction_resource_fact
set active_flag = 1,
    end_ts = start_ts - 5,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id % 97 = 2;

update interaction_resource_fact
set active_flag = null,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id % 97 between 3 and 9
  and active_flag = 0;
