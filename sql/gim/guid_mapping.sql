-- One row: how many attempts of Outbound Contact a range of time keys holds, and how many attempt GUIDs. Attempts
-- without any GUID mean that the site does not store it.
-- $1, $2: time keys, half-open.
select (
           select count(*)
           from {{.Schema}}.contact_attempt_fact
           where start_date_time_key >= $1::bigint
             and start_date_time_key < $2::bigint
       ) as attempts,
       (
           select count(*)
           from {{.Schema}}.irf_user_data_gen_1
           where start_date_time_key >= $1::bigint
             and start_date_time_key < $2::bigint
             and gsw_call_attempt_guid <> ''
       ) as guids
