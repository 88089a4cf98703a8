insert into slice_span
values ($start_ts, $end_ts)
