-- Grain: sealed month that belongs to the store, the oldest first.
select month,
       file,
       key,
       sha256,
       bytes
from _data.sealed_month
order by month
