delete from _data.agent
where day = $day::date
