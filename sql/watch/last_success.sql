-- When the newest run that failed nowhere ended, in epoch seconds; 0 where there is none. A delivery brings no numbers. The
-- newest is the last in the ledger, whatever the clock said: after a night in a year to come it would be that for a year.
select coalesce(arg_max(ended_ts, run_id), 0)
from _data.run
where exit_code = 0
  and command <> 'deliver'
