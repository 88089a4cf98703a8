-- Grain: data source that was left out of the slice's high-water mark (R10).
insert into _data.left_out
values ($day::date, $data_source_key, $data_source_type, $dap_name, $read_up_to)
