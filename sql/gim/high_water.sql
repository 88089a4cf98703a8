-- One row: up to when the GIM DB is complete (R10): the smallest of the newest max_ts of each T-Server (1) and
-- OCS (3) data source. NULL where there is none. Epoch seconds; of a part of a second nothing is known.
select floor((
           select min(newest.max_ts)
           from (
               select max(max_ts) as max_ts
               from {{.Schema}}.ctl_extract_history
               where data_source_type in (1, 3)
               group by data_source_key, data_source_type
           ) as newest
       ))::bigint as high_water
