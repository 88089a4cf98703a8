-- name: row_voice_session
-- Grain: voice session of a day's slice (R2), as read, rejected ones too; and, is_beside, one outside its slice in which activities
-- without an end started (R3).
insert into staged.voice_session by name
select tenant,
       left(day::varchar, 7) as month,
       day,
       bucket_of(tenant) as bucket,
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
    from batch._data.voice_session
    union all by name
    select *,
           true as is_beside
    from batch._data.other_session
) as r
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_ocs_activity
-- Grain: activity of a day's slice (R3), as read, rejected ones too; and, of kind 'call', leg that only tells the switch of a session
-- whose activities know none (R5).
insert into staged.ocs_activity by name
select tenant,
       left(day::varchar, 7) as month,
       day,
       bucket_of(tenant) as bucket,
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
    from batch._data.ocs_activity
    union all by name
    select *,
           'call' as kind
    from batch._data.other_leg
) as r
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_agent
-- Grain: resource of a day (R6).
insert into staged.agent by name
select tenant,
       left(day::varchar, 7) as month,
       day,
       bucket_of(tenant) as bucket,
       resource_key,
       employee_id,
       resource_name
from batch._data.agent
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_duplicate_key
-- Grain: primary key that the source held more than once, on a day (R11).
insert into staged.duplicate_key by name
select *,
       left(day::varchar, 7) as month
from batch._data.duplicate_key
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_qualifying_session
-- Grain: qualifying session of a day, at each of its places (R4, R5).
insert into staged.qualifying_session by name
select *,
       left(day::varchar, 7) as month,
       bucket_of(tenant) as bucket,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at,
       to_timestamp(first_activity_ts) as first_activity_at
from batch._data.qualifying_session
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_concurrency
-- Grain: stretch of a day with as many agents at once, in a region or location (R8).
insert into staged.concurrency by name
select *,
       left(day::varchar, 7) as month,
       bucket_of(tenant) as bucket,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at
from batch._data.concurrency
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: row_slice
-- Grain: the slice of a day (R10). Where it came from is left out where that could name somebody. Input: $masked.
insert into staged.slice by name
select tenant,
       left(day::varchar, 7) as month,
       day,
       case when $masked then null else source end as source,
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
from batch._data.slice
semi join due using (tenant, day)
where day between getvariable('due').first and getvariable('due').last

-- name: rule
-- Grain: a statement of the counting rules that a day was computed by, of one kind (R2, R5, R6, R7, R10); what does not belong to its
-- kind is null. Input: $days (JSON: each with text, the rules as they are hashed, and rules, the same on the day).
insert into staged.rule by name
with of_day as (
    select unnest(from_json($days, '[{"tenant": "varchar", "day": "date", "as_of": "bigint", "extracted": "bigint", "text": "json", "rules": "json"}]'), recursive := true)
),
region_rule as (
    select tenant,
           day,
           unnest(from_json(rules, '{"regions": [{"region": "varchar", "span": {"Start": "bigint", "End": "bigint"},
               "locations": [{"location": "varchar", "switches": ["varchar"]}]}]}').regions, recursive := true)
    from of_day
),
zone as (
    select tenant,
           day,
           unnest(from_json(text, '{"regions": [{"name": "varchar", "timezone": "varchar"}]}').regions, recursive := true)
    from of_day
),
location_rule as (
    select tenant,
           day,
           region,
           unnest(locations, recursive := true)
    from region_rule
),
rule as (
    select tenant,
           day,
           'day' as kind,
           as_of as as_of_ts,
           extracted as extracted_ts,
           text ->> 'session_end' as session_end
    from of_day
    union all by name
    select r.tenant,
           r.day,
           'region' as kind,
           r.region,
           z.timezone,
           r."Start" as start_ts,
           r."End" as end_ts
    from region_rule as r
    join zone as z on z.tenant = r.tenant
        and z.day = r.day
        and z.name = r.region
    union all by name
    select tenant,
           day,
           'location' as kind,
           region,
           location,
           len(coalesce(switches, [])) = 0 as is_default
    from location_rule
    union all by name
    select tenant,
           day,
           'switch' as kind,
           region,
           location,
           unnest(switches) as switch_name
    from location_rule
    union all by name
    select tenant,
           day,
           'exclude' as kind,
           unnest(from_json(rules, '{"exclude": ["varchar"]}').exclude) as pattern
    from of_day
)
select *,
       left(day::varchar, 7) as month,
       to_timestamp(start_ts) as start_at,
       to_timestamp(end_ts) as end_at,
       to_timestamp(as_of_ts) as as_of_at,
       to_timestamp(extracted_ts) as extracted_at
from rule
