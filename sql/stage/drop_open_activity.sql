-- Activities without an end that share a second neither with the day nor with a session of the slice of the same resource (R10).
-- Inputs: open_end, slice_span, stay; $day.
delete from _data.ocs_activity
where day = $day::date
  and (kind, activity_key, start_date_time_key) in (
      select (e.kind, e.activity_key, e.start_date_time_key)
      from open_end as e
      where not exists (
                from slice_span as p
                where p.start_ts < greatest(e.end_ts, e.until_ts)
                  and p.end_ts > e.start_ts
            )
        and not exists (
                from stay as s
                where s.resource_key = e.resource_key
                  and s.start_ts < greatest(e.end_ts, e.until_ts)
                  and s.until_ts > e.start_ts
            )
  )
