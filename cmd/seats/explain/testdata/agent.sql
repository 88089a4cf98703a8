-- Grain: day x agent (R6: an employee_id, or #resource_key where that is empty), with all that the slice of the day holds of the
-- agent, as JSON. Resources: one that has a session but no row of its own goes by its key. Of each the voice sessions, rejected ones
-- too, and beside them those outside the slice in which activities without an end started (R3); the activities, rejected ones too, in
-- the order in which the counting numbers them, so that the first that fits is the one the store names; and other legs, that only tell
-- a switch (R5). Seats: session x location that was counted, in any region.
-- Inputs: _data.agent, voice_session, other_session, ocs_activity, other_leg, qualifying_session; $days, $agents.
with asked as materialized ( -- or it is a join each time that it is read
    select unnest($days::varchar[])::date as day,
           agent,
           try_cast(substr(agent, 2) as bigint) as resource_key
    from (select unnest($agents::varchar[]) as agent)
),
resource as materialized (
    select a.day,
           a.resource_key,
           coalesce(a.employee_id, '') as employee_id,
           coalesce(a.resource_name, '') as resource_name,
           q.agent
    from _data.agent as a
    join asked as q on q.day = a.day
        and q.agent = coalesce(nullif(a.employee_id, ''), '#' || a.resource_key)
    union all
    select distinct day,
                    resource_key,
                    '',
                    '',
                    q.agent
    from _data.voice_session as s
    join asked as q using (day, resource_key)
    anti join _data.agent as a using (day, resource_key)
    where q.agent = '#' || resource_key
),
login as (
    select *,
           false as is_beside
    from _data.voice_session
    union all by name
    select *,
           true as is_beside
    from _data.other_session
),
session as (
    select day,
           resource_key,
           list(words order by start_ts nulls first, end_ts, sm_res_session_fact_key, start_date_time_key) filter (not is_beside) as own,
           list(words) filter (is_beside) as beside
    from (
        select *,
               struct_pack(
                   "Key" := struct_pack("ID" := sm_res_session_fact_key, "DateTimeKey" := start_date_time_key),
                   "Login" := start_ts,
                   "Logout" := case when coalesce(active_flag, 0) = 0 then end_ts end -- null while it is open, whatever its row says
               ) as words
        from login
        semi join resource using (day, resource_key)
    )
    group by day, resource_key
),
leg as (
    select *,
           false as is_other
    from _data.ocs_activity
    union all by name
    select *,
           'leg' as kind,
           true as is_other
    from _data.other_leg
),
activity as (
    select day,
           resource_key,
           list(words order by start_ts, kind, activity_key, start_date_time_key) filter (not is_other) as own,
           list(words order by start_ts, kind, activity_key, start_date_time_key) filter (is_other) as others
    from (
        select *,
               struct_pack(
                   "Kind" := kind,
                   "Key" := struct_pack("ID" := activity_key, "DateTimeKey" := start_date_time_key),
                   "Start" := coalesce(start_ts, 0),
                   "Switch" := coalesce(switch_name, ''),
                   "GUID" := coalesce(call_attempt_guid, ''),
                   "HasStart" := start_ts is not null,
                   "End" := case when coalesce(active_flag, 0) = 0 then end_ts end
               ) as words
        from leg
        semi join resource using (day, resource_key)
    )
    group by day, resource_key
),
known as (
    select r.day,
           r.agent,
           list(struct_pack(
               "Key" := resource_key,
               "Employee" := r.employee_id,
               "Name" := r.resource_name,
               "Sessions" := s.own,
               "Beside" := s.beside,
               "Activities" := a.own,
               "Others" := a.others
           ) order by resource_key) as resources
    from resource as r
    left join session as s using (day, resource_key)
    left join activity as a using (day, resource_key)
    group by r.day, r.agent
),
seat as (
    select day,
           agent,
           list(struct_pack(
               "Session" := struct_pack("ID" := sm_res_session_fact_key, "DateTimeKey" := start_date_time_key),
               "Region" := region,
               "Location" := location
           )) as seats
    from _data.qualifying_session
    semi join asked using (day, agent)
    group by day, agent
)
select day::varchar,
       agent,
       to_json(struct_pack("Resources" := k.resources, "Seats" := s.seats))::varchar
from asked
left join known as k using (day, agent)
left join seat as s using (day, agent)
