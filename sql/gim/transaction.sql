-- One row: what this transaction is by the server's own word, and on which server and snapshot. Who began it may have been
-- led elsewhere, or not been heard.
select current_database()::text as database,
       current_setting('transaction_read_only') as read_only,
       current_setting('transaction_isolation') as isolation,
       current_setting('TimeZone') as time_zone,
       current_setting('row_security') as row_security,
       current_user::text as username,
       pg_backend_pid()::bigint as process,
       pg_postmaster_start_time()::text as server_start,
       txid_current_snapshot()::text as snapshot
