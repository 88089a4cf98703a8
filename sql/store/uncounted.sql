-- Grain: day whose slice was read since the day was counted, or that was never counted. For a run that catches up.
-- Inputs: _data.slice, _data.computation.
select s.day::varchar
from _data.slice as s
left join _data.computation as c on c.day = s.day
where c.slice_sha256 is distinct from s.sha256
order by s.day
