-- Outbound Contact Server has been read less far than the T-Servers (R10).
update ctl_extract_history
set max_ts = max_ts - 1500
where data_source_type = 3;
