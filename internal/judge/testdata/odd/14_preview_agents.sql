-- Agents who are shown previews and whose calls are none of Outbound Contact's: these tell the switch of their logins, and some
-- of theirs know none. Their previews have no switch.
update irf_user_data_gen_1
set gsw_call_attempt_guid = null,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id in (
    select interaction_resource_id
    from interaction_resource_fact
    where resource_key % 5 = 3
);

update contact_attempt_fact
set dialing_mode_key = 3,
    update_audit_key = update_audit_key + 100000000000
where resource_key % 5 = 3;

update interaction_resource_fact
set media_resource_key = -1,
    update_audit_key = update_audit_key + 100000000000
where resource_key % 5 = 3
  and resource_key % 7 = 1
  and interaction_resource_id % 4 > 0;
