-- name: slice
-- Grain: slice of the store, by day.
select day::varchar,
       source,
       as_of,
       high_water,
       extracted_ts,
       sessions,
       activities,
       agents,
       open_sessions,
       sha256
from _data.slice
order by day

-- name: left_out
-- Grain: data source that was left out of a slice's high-water mark (R10).
select day::varchar,
       data_source_key,
       data_source_type,
       dap_name,
       make_timestamp(read_up_to * 1000000) as read_up_to
from _data.left_out
order by day, data_source_type, data_source_key

-- name: doubt
-- Grain: data-quality rule (R11) of those that may have moved numbers and that a setting, or somebody at the source, can mend: its
-- newest finding within the last 35 days of the store, with its first examples.
-- Inputs: _data.data_quality, _data.slice.
select day::varchar,
       rule,
       occurrences,
       array_to_string(examples[:5], ', ') as examples
from _data.data_quality
where rule in ('common_guid', 'cut_off_session')
  and occurrences > 0
  and day > (select max(day) - 35 from _data.slice)
qualify row_number() over (partition by rule order by day desc) = 1
order by rule
