delete from data.slice
where day = $day::date
