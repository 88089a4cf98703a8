-- One row: the source's clock, epoch seconds.
select floor(extract(epoch from clock_timestamp()))::bigint
