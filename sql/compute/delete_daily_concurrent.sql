delete from data.daily_concurrent
where day = $day::date
