-- The newest entry of the ledger, to which the next one is chained.
select run_id,
       sha256
from _data.run
order by run_id desc
limit 1
