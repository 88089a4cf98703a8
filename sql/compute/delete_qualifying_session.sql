delete from _data.qualifying_session
where day = $day::date
