-- name: row_voice_session
-- Grain: voice session of a day's slice (R2), as read, rejected ones too; and, is_beside, one outside its slice in which activities
-- without an end started (R3). Input: $tenant.
insert into memory.staged.voice_session by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       day,
       memory.main.bucket_of($tenant) as bucket,
       resource_key,
       start_ts,
       to_timestamp(start_ts) as start_at,
       end_ts,
       to_timestamp(end_ts) as end_at,
       active_flag,
       sm_res_session_fact_key,
       start_date_time_key,
       update_audit_key,
       is_beside
from (
    select *,
           false as is_beside
    from _data.voice_session
    union all by name
    select *,
           true as is_beside
    from _data.other_session
)
where day in (from memory.due)

-- name: row_ocs_activity
-- Grain: activity of a day's slice (R3), as read, rejected ones too; and, of kind 'call', leg that only tells the switch of a session
-- whose activities know none (R5). Input: $tenant.
insert into memory.staged.ocs_activity by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       day,
       memory.main.bucket_of($tenant) as bucket,
       resource_key,
       start_ts,
       to_timestamp(start_ts) as start_at,
       end_ts,
       to_timestamp(end_ts) as end_at,
       active_flag,
       switch_name,
       kind,
       activity_key,
       start_date_time_key,
       call_attempt_guid,
       dialing_mode_code,
       update_audit_key
from (
    select *
    from _data.ocs_activity
    union all by name
    select *,
           'call' as kind
    from _data.other_leg
)
where day in (from memory.due)

-- name: row_agent
-- Grain: resource of a day (R6). Input: $tenant.
insert into memory.staged.agent by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       day,
       memory.main.bucket_of($tenant) as bucket,
       resource_key,
       employee_id,
       resource_name
from _data.agent
where day in (from memory.due)

-- name: row_duplicate_key
-- Grain: primary key that the source held more than once, on a day (R11). Input: $tenant.
insert into memory.staged.duplicate_key by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       *
from _data.duplicate_key
where day in (from memory.due)

-- name: row_qualifying_session
-- Grain: qualifying session of a day, at each of its places (R4, R5). Input: $tenant.
insert into memory.staged.qualifying_session by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       memory.main.bucket_of($tenant) as bucket,
       *,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at,
       to_timestamp(first_activity_ts) as first_activity_at
from _data.qualifying_session
where day in (from memory.due)

-- name: row_concurrency
-- Grain: stretch of a day with as many agents at once, in a region or location (R8). Input: $tenant.
insert into memory.staged.concurrency by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       memory.main.bucket_of($tenant) as bucket,
       *,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at
from _data.concurrency
where day in (from memory.due)

-- name: row_slice
-- Grain: the slice of a day (R10). Input: $tenant.
insert into memory.staged.slice by name
select $tenant as tenant,
       left(day::varchar, 7) as month,
       day,
       source,
       state,
       as_of as as_of_ts,
       to_timestamp(as_of) as as_of_at,
       high_water as high_water_ts,
       to_timestamp(high_water) as high_water_at,
       extracted_ts,
       to_timestamp(extracted_ts) as extracted_at,
       sessions,
       activities,
       agents,
       open_sessions,
       sha256
from _data.slice
where day in (from memory.due)

-- name: rule
-- Grain: a statement of the counting rules that a day was computed by, of one kind (R2, R5, R6, R7, R10); what does not belong to its
-- kind is null. Inputs: $tenant, $days (JSON: each with text, the rules as they are hashed, and rules, the same on the day).
insert into memory.staged.rule by name
with of_day as (
    select unnest(from_json($days, '[{"day": "date", "as_of": "bigint", "extracted": "bigint", "text": "json", "rules": "json"}]'), recursive := true)
),
region_rule as (
    select day,
           unnest(from_json(rules, '{"regions": [{"region": "varchar", "span": {"Start": "bigint", "End": "bigint"},
               "locations": [{"location": "varchar", "switches": ["varchar"]}]}]}').regions, recursive := true)
    from of_day
),
zone as (
    select day,
           unnest(from_json(text, '{"regions": [{"name": "varchar", "timezone": "varchar"}]}').regions, recursive := true)
    from of_day
),
location_rule as (
    select day,
           region,
           unnest(locations, recursive := true)
    from region_rule
),
rule as (
    select day,
           'day' as kind,
           as_of as as_of_ts,
           extracted as extracted_ts,
           text ->> 'session_end' as session_end
    from of_day
    union all by name
    select r.day,
           'region' as kind,
           r.region,
           z.timezone,
           r."Start" as start_ts,
           r."End" as end_ts
    from region_rule as r
    join zone as z on z.day = r.day
        and z.name = r.region
    union all by name
    select day,
           'location' as kind,
           region,
           location,
           len(coalesce(switches, [])) = 0 as is_default
    from location_rule
    union all by name
    select day,
           'switch' as kind,
           region,
           location,
           unnest(switches) as switch_name
    from location_rule
    union all by name
    select day,
           'exclude' as kind,
           unnest(from_json(rules, '{"exclude": ["varchar"]}').exclude) as pattern
    from of_day
)
select $tenant as tenant,
       left(day::varchar, 7) as month,
       *,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at,
       to_timestamp(as_of_ts) as as_of_at,
       to_timestamp(extracted_ts) as extracted_at
from rule
