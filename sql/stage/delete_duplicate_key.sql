delete from data.duplicate_key
where day = $day::date
