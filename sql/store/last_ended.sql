-- When the newest run ended, by the clock of its time.
-- Inputs: _data.run.
select ended_ts
from _data.run
order by run_id desc
limit 1
