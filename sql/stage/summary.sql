select state,
       sessions,
       activities,
       agents
from data.slice
where day = $day::date
