-- Grain: day whose slice is another than the one it was counted from, by its rows or its as_of (R10), or that was never counted. For a run
-- that catches up.
-- Inputs: _data.slice, _data.computation.
select s.day::varchar
from _data.slice as s
left join _data.computation as c on c.day = s.day
where c.slice_sha256 is distinct from s.sha256
   or c.as_of is distinct from s.as_of
order by s.day
