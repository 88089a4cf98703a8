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
