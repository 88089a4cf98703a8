-- Sessions without end that are not active, and sessions of which it is not said whether they are.
update sm_res_session_fact
set end_ts = null,
    active_flag = 0,
    update_audit_key = update_audit_key + 100000000000
where sm_res_session_fact_key % 41 = 1;

update sm_res_session_fact
set active_flag = null,
    update_audit_key = update_audit_key + 100000000000
where sm_res_session_fact_key % 41 between 2 and 5
  and active_flag = 0;
