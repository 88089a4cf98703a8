-- name: slice
-- Grain: the slice of a day, none where there is none.
-- Input: _data.slice; $day.
select source,
       high_water,
       as_of,
       extracted_ts,
       sessions,
       activities,
       agents,
       open_sessions,
       sha256
from _data.slice
where day = $day::date

-- name: slice_day
-- Grain: day of a range, both ends included, that has a slice.
-- Input: _data.slice; $from, $to.
select day::varchar as day
from _data.slice
where day between $from::date and $to::date
order by day

-- name: slice_span
-- Grain: span of time that the slice of a day covers (R10).
-- Input: _data.slice_span; $day.
select start_ts,
       end_ts
from _data.slice_span
where day = $day::date
order by start_ts, end_ts

-- name: session_row
-- Grain: voice session of the slice, as read. For the sweep (R12).
-- Input: _data.voice_session; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag
from _data.voice_session
where day = $day::date

-- name: other_session_row
-- Grain: voice session beside the slice (R3), as read. For the sweep (R12).
-- Input: _data.other_session; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag
from _data.other_session
where day = $day::date

-- name: activity_row
-- Grain: activity of the slice, as read. For the sweep (R12), which also counts a reading of the specification in which
-- previews do not count.
-- Input: _data.ocs_activity; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       kind = 'leg' as is_leg
from _data.ocs_activity
where day = $day::date

-- name: other_leg_row
-- Grain: leg that only tells a switch (R5), as read. For the sweep (R12).
-- Input: _data.other_leg; $day.
select resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name
from _data.other_leg
where day = $day::date

-- name: agent_row
-- Grain: resource of the slice, as read. For the sweep (R12).
-- Input: _data.agent; $day.
select resource_key,
       employee_id,
       resource_name
from _data.agent
where day = $day::date
