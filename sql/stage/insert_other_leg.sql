-- The legs that tell a switch for sessions whose own activities know none (R5): of each such session and switch the earliest,
-- under either reading of a session's end second (lacking_session.sql).
-- Inputs: telling_leg, lacking_session, open_end; $day.
insert into _data.other_leg
with leg as (
    select t.*,
           case when t.is_open then e.end_ts else greatest(t.end_ts, least(t.start_ts, 253402300799) + 1) end as closed_ts,
           case when t.is_open then e.until_ts else greatest(t.end_ts, least(t.start_ts, 253402300799) + 1) end as until_ts
    from telling_leg as t
    left join open_end as e on e.kind = 'leg'
        and e.activity_key = t.activity_key
        and e.start_date_time_key = t.start_date_time_key
),
told as (
    select l.*,
           row_number() over (
               partition by s.session_id, w.with_end, l.switch_name
               order by l.start_ts, l.activity_key, l.start_date_time_key
           ) as turn
    from lacking_session as s
    join leg as l on l.resource_key = s.resource_key
        and s.until_ts > l.start_ts
        and s.start_ts < greatest(l.closed_ts, l.until_ts)
    join (values (false), (true)) as w (with_end) on s.start_ts < case when w.with_end then l.until_ts else l.closed_ts end
        and case when w.with_end then s.until_ts else s.end_ts end > l.start_ts
        and case when w.with_end then s.with_end else s.before_end end
)
select distinct $day::date,
                activity_key,
                start_date_time_key,
                resource_key,
                start_ts,
                end_ts,
                active_flag,
                switch_name,
                update_audit_key
from told
where turn = 1
order by resource_key, start_ts, activity_key, start_date_time_key
