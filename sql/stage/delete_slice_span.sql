delete from _data.slice_span
where day = $day::date
