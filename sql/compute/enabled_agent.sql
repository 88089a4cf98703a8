-- Grain: agent of a region and a day. For the comparison of sets (R12).
-- Input: _data.qualifying_session; $day.
select distinct region,
                agent
from _data.qualifying_session
where day = $day::date
order by region, agent
