delete from data.ocs_activity
where day = $day::date
