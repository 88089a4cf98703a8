insert into rule_region_day
values ($region, $start_ts, $end_ts)
