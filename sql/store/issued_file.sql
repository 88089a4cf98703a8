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
       issued_ts,
       coalesce(to_json(i) ->> 'rules_sha256', '') -- a store of an older version has none
from _data.issued_file as i
order by region, measure, period, revision
