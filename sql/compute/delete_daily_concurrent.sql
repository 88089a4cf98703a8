delete from _data.daily_concurrent
where day = $day::date
