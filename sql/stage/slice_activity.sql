-- Grain: activity of the slice (R3, R10), as read: one that shares a second with the day, or with a session
-- of the slice of the same resource. A rejected one belongs where its start, or its time key, lies.
-- Inputs: leg, preview, slice_session, slice_span; $as_of ends open activities; $activity_from is the
-- earliest start.
create or replace temp table slice_activity as
with activity as (
    from leg
    union all
    from preview
),
bounded as (
    select *,
           coalesce(active_flag, 0) <> 0 or end_ts is null as is_open,
           start_ts is null or (end_ts < start_ts and coalesce(active_flag, 0) = 0) as is_rejected,
           greatest(case when coalesce(active_flag, 0) <> 0 or end_ts is null then $as_of else end_ts end, start_ts + 1) as until_ts
    from activity
),
placed as (
    select b.*,
           exists (
               from slice_span as p
               where case
                         when b.is_rejected then coalesce(b.start_ts, b.start_date_time_key) >= p.start_ts
                              and coalesce(b.start_ts, b.start_date_time_key) < p.end_ts
                         else b.start_ts < p.end_ts
                              and b.until_ts > p.start_ts
                     end
           ) as is_in_day
    from bounded as b
    where b.is_rejected
       or b.start_ts >= $activity_from
),
in_session as (
    select distinct p.kind,
                    p.activity_key,
                    p.start_date_time_key
    from placed as p
    join slice_session as s on s.resource_key = p.resource_key
        and s.start_ts < p.until_ts
        and s.until_ts > p.start_ts
    where not p.is_in_day
      and not p.is_rejected
      and not s.is_rejected
)
select kind,
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       end_ts,
       active_flag,
       switch_name,
       call_attempt_guid,
       dialing_mode_code,
       update_audit_key
from placed
where is_in_day
union all
select p.kind,
       p.activity_key,
       p.start_date_time_key,
       p.resource_key,
       p.start_ts,
       p.end_ts,
       p.active_flag,
       p.switch_name,
       p.call_attempt_guid,
       p.dialing_mode_code,
       p.update_audit_key
from placed as p
semi join in_session as i using (kind, activity_key, start_date_time_key)
where not p.is_in_day
