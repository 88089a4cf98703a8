-- Grain: session row of voice media that can touch the day, with the combination of groups that its agent was in; bounded as
-- in session.sql. Copies of a row come as they are: the newest of a session of the slice is among them, and is chosen here.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: voice media types; $5: least end_ts that matters.
select sm_res_session_fact_key,
       start_date_time_key,
       resource_group_combination_key,
       update_audit_key
from {{.Schema}}.sm_res_session_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and ($3::bigint is null or tenant_key = $3::bigint)
  and media_type_key = any ($4::bigint[])
  and (end_ts >= $5::bigint or end_ts is null or start_ts is null or end_ts < start_ts or active_flag <> 0)
