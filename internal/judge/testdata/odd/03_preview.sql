-- Previews without end, and previews of nobody who is an agent.
update contact_attempt_fact
set end_ts = null,
    update_audit_key = update_audit_key + 100000000000
where contact_attempt_fact_key % 53 = 1;

update contact_attempt_fact
set resource_key = (array[null, -2, 100, 2000000000])[1 + contact_attempt_fact_key % 4],
    update_audit_key = update_audit_key + 100000000000
where contact_attempt_fact_key % 17 = 2;
