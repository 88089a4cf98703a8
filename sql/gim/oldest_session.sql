-- One row: when the oldest session of any medium began, by its time key; NULL where there is none. Sorted rather than aggregated:
-- where the table is partitioned or indexed by the key, the first partition or entry is enough.
-- $1: tenant_key or null.
select (
           select start_date_time_key::bigint
           from {{.Schema}}.sm_res_session_fact
           where start_date_time_key is not null
             and ($1::bigint is null or tenant_key = $1::bigint)
           order by start_date_time_key
           limit 1
       ) as oldest
