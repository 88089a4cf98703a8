select state,
       sessions,
       activities,
       agents
from _data.slice
where day = $day::date
