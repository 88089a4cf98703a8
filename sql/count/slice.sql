-- name: slice
-- Grain: day that has a slice: the day, and the slice. Input: _data.slice; $days.
select day::varchar,
       day::varchar as day,
       source,
       as_of,
       high_water,
       extracted_ts,
       sessions,
       activities,
       agents,
       open_sessions,
       sha256
from _data.slice
join (select unnest($days::varchar[]::date[]) as day) using (day)

-- name: slice_span
-- Grain: span of time that the slice of a day covers (R10). Input: _data.slice_span; $days.
select day::varchar as day,
       start_ts,
       end_ts
from _data.slice_span
join (select unnest($days::varchar[]::date[]) as day) using (day)
order by day, start_ts, end_ts

-- name: agent_row
-- Grain: resource of the slices of some days, as read; no is the day's place in $days. For the sweep (R12).
-- Input: _data.agent; $days.
select d.no,
       resource_key,
       employee_id,
       resource_name
from _data.agent
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)

-- name: session_row
-- Grain: voice session of the slices, as read. For the sweep (R12).
-- Input: _data.voice_session; $days.
select d.no,
       resource_key,
       start_ts,
       end_ts,
       active_flag::bigint as active_flag
from _data.voice_session
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)

-- name: other_session_row
-- Grain: voice session beside the slices (R3), as read. For the sweep (R12).
-- Input: _data.other_session; $days.
select d.no,
       resource_key,
       start_ts,
       end_ts,
       active_flag::bigint as active_flag
from _data.other_session
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)

-- name: activity_row
-- Grain: activity of the slices, as read. For the sweep (R12).
-- Input: _data.ocs_activity; $days.
select d.no,
       resource_key,
       start_ts,
       end_ts,
       active_flag::bigint as active_flag,
       switch_name
from _data.ocs_activity
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)

-- name: other_leg_row
-- Grain: leg that only tells a switch (R5), as read. For the sweep (R12).
-- Input: _data.other_leg; $days.
select d.no,
       resource_key,
       start_ts,
       end_ts,
       active_flag::bigint as active_flag,
       switch_name
from _data.other_leg
join (select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no) as d using (day)
