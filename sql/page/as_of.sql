-- When the newest run on the store ended, in epoch seconds; 0 where there is none.
select coalesce(max(ended_ts), 0)
from _data.run
