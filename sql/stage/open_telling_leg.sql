-- The telling legs without an end, in the place of the slice's own activities: open_end.sql is asked of them next.
-- Inputs: telling_leg, slice_span.
insert into open_activity
select 'leg',
       activity_key,
       start_date_time_key,
       resource_key,
       start_ts,
       not exists (
           from slice_span as p
           where p.start_ts <= l.start_ts
             and p.end_ts > l.start_ts
       )
from telling_leg as l
where is_open
  and not exists (
      from open_activity as a
      where a.kind = 'leg'
        and a.activity_key = l.activity_key
        and a.start_date_time_key = l.start_date_time_key
  )
