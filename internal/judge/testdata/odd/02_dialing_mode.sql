-- So are dialing modes. In modes without preview the agent named on an attempt may have had nothing to do with it.
insert into dialing_mode (dialing_mode_key, dialing_mode, dialing_mode_code)
values (8, 'x', 'PUSH_PREVIEW'), (9, 'PREVIEW', 'PROGRESSIVE');

update contact_attempt_fact
set dialing_mode_key = 8 + contact_attempt_fact_key % 2,
    update_audit_key = update_audit_key + 100000000000
where dialing_mode_key in (3, 4)
  and contact_attempt_fact_key % 5 = 1;

update contact_attempt_fact
set resource_key = 1000 + 4 * (contact_attempt_fact_key % 40),
    update_audit_key = update_audit_key + 100000000000
where dialing_mode_key in (1, 2)
  and contact_attempt_fact_key % 5 = 1;
