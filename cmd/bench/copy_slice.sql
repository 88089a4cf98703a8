-- For psql: half of the rows of a slice of a GIM (R10), copied to nowhere: agents, voice sessions, legs with what Outbound
-- Contact Server attached to them, previews; of those before and after the day the ones that share a second with a session
-- of the slice. The legs cost a join of the two largest tables. Two of these copy everything, each its half of the time.
-- :sessions_from, :day_from, :day_until bound the sessions and the day, as epoch seconds; :from and :until this half; :around_from and :around_until what
-- lies around the day on its side; :first says which half it is.
\set ON_ERROR_STOP on
begin isolation level repeatable read, read only;

\if :first
copy (
    select resource_key, employee_id, resource_name
    from resource_
    where resource_type_code = 'AGENT'
) to stdout;
\else
copy (
    select f.sm_res_session_fact_key, f.start_date_time_key, f.resource_key, f.start_ts, f.end_ts, f.active_flag,
           f.update_audit_key
    from sm_res_session_fact as f
    join media_type as m using (media_type_key)
    where m.media_name_code = 'VOICE'
      and f.start_date_time_key >= :sessions_from
      and f.start_date_time_key < :day_until
      and (f.end_ts >= :day_from or f.end_ts is null or f.active_flag <> 0)
) to stdout;
\endif

copy (
    select f.interaction_resource_id, f.start_date_time_key, f.resource_key, f.media_resource_key, f.start_ts, f.end_ts,
           f.active_flag, f.update_audit_key, u.gsw_call_attempt_guid
    from interaction_resource_fact as f
    join irf_user_data_gen_1 as u using (interaction_resource_id, start_date_time_key)
    where u.gsw_call_attempt_guid <> ''
      and f.start_date_time_key >= :from
      and f.start_date_time_key < :until
      and u.start_date_time_key >= :from
      and u.start_date_time_key < :until
) to stdout;

copy (
    select f.contact_attempt_fact_key, f.start_date_time_key, f.dialing_mode_key, f.resource_key, f.call_attempt_id,
           f.start_ts, f.end_ts, f.update_audit_key
    from contact_attempt_fact as f
    join dialing_mode as d using (dialing_mode_key)
    where d.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
      and f.start_date_time_key >= :from
      and f.start_date_time_key < :until
) to stdout;

copy (
    with stay as materialized (
        select f.resource_key, f.start_ts, f.end_ts
        from sm_res_session_fact as f
        join media_type as m using (media_type_key)
        where m.media_name_code = 'VOICE'
          and f.start_date_time_key >= :sessions_from
          and f.start_date_time_key < :day_until
          and f.end_ts >= :day_from
          and (f.start_ts < :day_from or f.end_ts > :day_until)
    )
    select f.interaction_resource_id, f.start_date_time_key, f.resource_key, f.media_resource_key, f.start_ts, f.end_ts,
           f.active_flag, f.update_audit_key, u.gsw_call_attempt_guid
    from interaction_resource_fact as f
    join irf_user_data_gen_1 as u using (interaction_resource_id, start_date_time_key)
    where f.start_date_time_key >= :around_from
      and f.start_date_time_key < :around_until
      and u.gsw_call_attempt_guid <> ''
      and exists (
          select
          from stay as s
          where s.resource_key = f.resource_key
            and s.start_ts < f.end_ts
            and s.end_ts > f.start_ts
      )
) to stdout;

commit;
