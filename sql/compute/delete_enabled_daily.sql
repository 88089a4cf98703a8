delete from data.enabled_daily
where day = $day::date
