-- Grain: session x activity of the same resource that share a second (R4), with the place of the activity's
-- switch (R5): a location, 0 where no location takes a known switch, NULL where the switch is not known; and with what
-- puts the session's activities into order.
-- The whole session counts, not its part inside the day. Excluded agents are gone from here on (R6).
-- Inputs: occupied_session, occupied_activity, rule_switch, place.
create or replace temp table session_activity as
with listed as (
    select w.switch_name,
           p.place_id
    from rule_switch as w
    join place as p using (region, location)
),
fallback as (
    select coalesce(min(place_id), 0) as place_id
    from place
    where is_default
)
select s.rowid as session_id,
       a.rowid as activity_id,
       a.start_ts,
       a.kind,
       a.activity_key,
       a.start_date_time_key,
       case when a.switch_name is not null then coalesce(l.place_id, f.place_id) end as place_id
from occupied_activity as a
join occupied_session as s on s.resource_key = a.resource_key
    and s.start_ts < a.end_ts
    and s.end_ts > a.start_ts
left join listed as l on l.switch_name = a.switch_name
cross join fallback as f
where not s.is_excluded
