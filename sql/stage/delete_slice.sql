delete from _data.slice
where day = $day::date
