delete from data.concurrency
where day = $day::date
