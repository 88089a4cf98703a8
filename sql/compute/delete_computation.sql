delete from _data.computation
where day = $day::date
