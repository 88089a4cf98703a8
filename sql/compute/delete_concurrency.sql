delete from _data.concurrency
where day = $day::date
