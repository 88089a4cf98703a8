update _data.slice
set day = $to::date
where day = $from::date
