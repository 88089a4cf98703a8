-- name: note_threads
-- How many threads there are, for all_threads.sql to come back to.
set variable all_threads = current_setting('threads')

-- name: all_threads
set threads = getvariable('all_threads')

-- name: reject
-- The first row of an export's file that could not be read: its line, its column, and why.
select line,
       coalesce(column_name, ''),
       error_message
from reject_errors
order by line, column_idx
limit 1

-- name: forget_rejects
-- Forget the rows of earlier files, so that the next look finds only new ones.
truncate reject_errors
