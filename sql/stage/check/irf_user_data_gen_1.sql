-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(interaction_resource_id), coalesce(sum(interaction_resource_id), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(gsw_call_attempt_guid), coalesce(sum(strlen(gsw_call_attempt_guid)), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar
from _stage.gim.irf_user_data_gen_1
