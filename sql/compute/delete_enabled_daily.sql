delete from _data.enabled_daily
where day = $day::date
