-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(sm_res_session_fact_key), coalesce(sum(sm_res_session_fact_key), 0)::varchar,
       count(start_date_time_key), coalesce(sum(start_date_time_key), 0)::varchar,
       count(media_type_key), coalesce(sum(media_type_key), 0)::varchar,
       count(resource_key), coalesce(sum(resource_key), 0)::varchar,
       count(start_ts), coalesce(sum(start_ts), 0)::varchar,
       count(end_ts), coalesce(sum(end_ts), 0)::varchar,
       count(active_flag), coalesce(sum(active_flag), 0)::varchar,
       count(update_audit_key), coalesce(sum(update_audit_key), 0)::varchar,
       count(tenant_key), coalesce(sum(tenant_key), 0)::varchar
from _stage.gim.sm_res_session_fact
