-- Grain: OCS-driven activity (R3) of an agent: a leg whose attached data holds an attempt GUID, or a preview; with its
-- switch, null where that is unknown. Of a key that the GIM holds twice the newest row counts (R11).
-- $1: tenant_key or null; $2: as_of (R10); $3: first second of the period; $4: seconds that an activity is looked for
-- before it and before the sessions.
insert into activity
with leg as (
    select distinct on (interaction_resource_id, start_date_time_key) *
    from interaction_resource_fact
    order by interaction_resource_id, start_date_time_key, update_audit_key desc
),
attached as (
    select distinct on (interaction_resource_id, start_date_time_key) *
    from irf_user_data_gen_1
    order by interaction_resource_id, start_date_time_key, update_audit_key desc
),
attempt as (
    select distinct on (contact_attempt_fact_key, start_date_time_key) *
    from contact_attempt_fact
    order by contact_attempt_fact_key, start_date_time_key, update_audit_key desc
),
driven as (
    select f.tenant_key, f.resource_key, nullif(d.switch_name, '') as switch_name, f.start_ts, f.end_ts,
           f.end_ts is null or coalesce(f.active_flag, 0) <> 0 as is_open
    from leg as f
    join attached as a on a.interaction_resource_id = f.interaction_resource_id
        and a.start_date_time_key = f.start_date_time_key
        and a.gsw_call_attempt_guid <> ''
    left join resource_ as d on d.resource_key = f.media_resource_key
    union all
    select f.tenant_key, f.resource_key, null, f.start_ts, f.end_ts, f.end_ts is null
    from attempt as f
    join dialing_mode as m using (dialing_mode_key)
    where m.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
)
select d.resource_key,
       p.agent,
       d.switch_name,
       d.start_ts,
       greatest(case when d.is_open then $2::bigint else d.end_ts end, d.start_ts + 1)
from driven as d
join person as p using (resource_key)
where ($1::bigint is null or d.tenant_key = $1::bigint)
  and d.start_ts >= least($3::bigint, (select min(start_ts) from session)) - $4::bigint
  and (d.is_open or d.end_ts >= d.start_ts)
