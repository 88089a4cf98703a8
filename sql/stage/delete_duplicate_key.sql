delete from _data.duplicate_key
where day = $day::date
