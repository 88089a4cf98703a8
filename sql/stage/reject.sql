-- The first row of an export's file that could not be read: its line, its column, and why.
select line,
       coalesce(column_name, ''),
       error_message
from reject_errors
order by line, column_idx
limit 1
