delete from data.agent
where day = $day::date
