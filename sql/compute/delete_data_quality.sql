delete from _data.data_quality
where day = $day::date
