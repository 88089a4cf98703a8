update _data.agent
set day = $to::date
where day = $from::date
