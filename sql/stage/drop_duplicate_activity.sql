-- What was noted of keys of activities that have turned out to be none of the slice's.
-- Inputs: _data.ocs_activity, open_end; $day.
delete from _data.duplicate_key
where day = $day::date
  and (relation = 'contact_attempt_fact', row_key) in (
      select (e.kind = 'preview', e.activity_key || '/' || e.start_date_time_key)
      from open_end as e
      anti join (
          from _data.ocs_activity
          where day = $day::date
      ) as a using (kind, activity_key, start_date_time_key)
  )
  and relation <> 'sm_res_session_fact'
