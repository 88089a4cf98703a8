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

-- name: slice_row
-- Grain: row of the slices of some days, as read: no is the day's place in $days, kind what it is, 1 a resource, 2 a voice session, 3 one
-- beside the slice (R3), 4 an activity, 5 a leg that only tells a switch (R5). For the sweep (R12).
-- Inputs: _data.agent, voice_session, other_session, ocs_activity, other_leg; $days.
with day as (
    select unnest($days::varchar[]::date[]) as day, generate_subscripts($days::varchar[]::date[], 1) as no
)
select no,
       1::bigint as kind,
       resource_key,
       null::bigint as start_ts,
       null::bigint as end_ts,
       null::bigint as active_flag,
       employee_id,
       resource_name as name
from _data.agent
join day using (day)
union all
select no,
       2,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       null,
       null
from _data.voice_session
join day using (day)
union all
select no,
       3,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       null,
       null
from _data.other_session
join day using (day)
union all
select no,
       4,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       null,
       switch_name
from _data.ocs_activity
join day using (day)
union all
select no,
       5,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       null,
       switch_name
from _data.other_leg
join day using (day)
