-- Grain: sealed month that belongs to the store attached as live, the oldest first.
select month,
       file,
       key,
       sha256,
       bytes
from live._data.sealed_month
order by month
