-- For psql, and for other clients, which take what is between `copy (` and `) to stdout` and call the rows what the file is called:
-- what an engineer would copy out of a GIM who has no seats, into CSV files of the folder at hand: agents, voice sessions, legs
-- with an attempt GUID and previews, and the legs that tell where an agent sat, wherever they can matter.
-- The legs with a GUID cost a join of the two largest tables.
-- :sessions_from, :activities_from, :until bound the time keys, as epoch seconds; :day_from, :day_until the day.
\set ON_ERROR_STOP on
begin isolation level repeatable read, read only;
\o agent.csv
copy (
    select resource_key, employee_id, resource_name
    from resource_
    where resource_type_code = 'AGENT'
) to stdout csv header;
\o session.csv
copy (
    select f.resource_key, f.start_ts, f.end_ts, cast(f.active_flag as int) as active_flag
    from sm_res_session_fact as f
    join media_type as m using (media_type_key)
    where m.media_name_code = 'VOICE'
      and f.start_date_time_key >= :sessions_from
      and f.start_date_time_key < :day_until
      and (f.end_ts > :day_from or f.end_ts is null or f.active_flag <> 0)
) to stdout csv header;
\o activity.csv
copy (
    select f.resource_key, f.start_ts, f.end_ts, cast(f.active_flag as int) as active_flag, d.switch_name
    from interaction_resource_fact as f
    join irf_user_data_gen_1 as u using (interaction_resource_id, start_date_time_key)
    left join resource_ as d on d.resource_key = f.media_resource_key
    where u.gsw_call_attempt_guid <> ''
      and f.start_date_time_key >= :activities_from
      and f.start_date_time_key < :until
      and u.start_date_time_key >= :activities_from
      and u.start_date_time_key < :until
    union all
    select f.resource_key, f.start_ts, f.end_ts, 0, null
    from contact_attempt_fact as f
    join dialing_mode as m using (dialing_mode_key)
    where m.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
      and f.start_date_time_key >= :activities_from
      and f.start_date_time_key < :until
) to stdout csv header;
\o leg.csv
copy (
    select f.resource_key, f.start_ts, f.end_ts, d.switch_name
    from interaction_resource_fact as f
    join resource_ as d on d.resource_key = f.media_resource_key
    where d.switch_name <> ''
      and f.active_flag = 0
      and f.end_ts >= f.start_ts
      and f.start_date_time_key >= :activities_from
      and f.start_date_time_key < :until
) to stdout csv header;
\o
commit;
