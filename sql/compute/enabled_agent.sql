-- Grain: agent of a region and a range of days, both included. For the comparison of sets (R12).
-- Input: _data.qualifying_session; $from, $to.
select distinct region,
                agent
from _data.qualifying_session
where day between $from::date and $to::date
order by region, agent
