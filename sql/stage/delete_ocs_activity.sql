delete from _data.ocs_activity
where day = $day::date
