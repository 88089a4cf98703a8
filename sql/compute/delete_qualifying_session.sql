delete from data.qualifying_session
where day = $day::date
