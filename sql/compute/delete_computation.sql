delete from data.computation
where day = $day::date
