-- How many threads there are, for all_threads.sql to come back to.
set variable all_threads = current_setting('threads')
