-- Grain: data source that matters: what the GIM calls the way to it, which is the newest name where it had several.
-- Input: ctl_extract_history, where it has dap_name.
select distinct on (data_source_type, data_source_key)
       data_source_key::bigint as data_source_key,
       data_source_type::bigint as data_source_type,
       rtrim(dap_name::text) as dap_name
from {{.Schema}}.ctl_extract_history
where data_source_type in (1, 3)
  and dap_name <> ''
order by data_source_type, data_source_key, max_ts desc nulls last, dap_name
