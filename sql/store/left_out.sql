-- Grain: data source that was left out of a slice's high-water mark (R10).
select day::varchar,
       data_source_key,
       data_source_type,
       dap_name,
       read_up_to
from _data.left_out
order by day, data_source_type, data_source_key
