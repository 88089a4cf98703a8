-- Grain: file delivered, the oldest first.
select file,
       sha256,
       sent_as,
       sent_sha256,
       target,
       delivered_ts
from _data.delivery
order by delivered_ts, file, sha256
