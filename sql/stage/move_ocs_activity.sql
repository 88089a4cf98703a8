update _data.ocs_activity
set day = $to::date
where day = $from::date
