-- One row: whether there is a session of any medium that began before a time: what a source holds nothing before, it has purged,
-- or was never there for. The first row that is found will do.
-- $1: end of time keys; $2: tenant_key or null.
select exists (
           select 1
           from {{.Schema}}.sm_res_session_fact
           where start_date_time_key < $1::bigint
             and ($2::bigint is null or tenant_key = $2::bigint)
       ) as has
