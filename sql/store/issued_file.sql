-- Grain: data file issued, oldest first within its chain.
select region,
       measure,
       period,
       revision,
       value,
       state,
       file,
       sha256,
       manifest_sha256,
       coalesce(supersedes, ''),
       coalesce(reason, ''),
       peak_ts,
       coalesce(peak_seconds, 0),
       issued_ts
from _data.issued_file
order by region, measure, period, revision
