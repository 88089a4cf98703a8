delete from data.slice_span
where day = $day::date
