update _data.duplicate_key
set day = $to::date
where day = $from::date
