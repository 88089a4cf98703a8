update _data.slice_span
set day = $to::date
where day = $from::date
