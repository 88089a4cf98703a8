delete from data.data_quality
where day = $day::date
