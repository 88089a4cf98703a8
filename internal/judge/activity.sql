-- Grain: OCS-driven activity (R3) of an agent: a leg whose attached data holds an attempt GUID, or a preview; with its
-- switch, null where that is unknown. Of a key that the GIM holds twice the newest row counts (R11).
-- And every other leg with a known switch (is_driven false), which only tells where a session belongs (R5). What has no end ends with
-- the session in which it started, of several the one that ends last, or at the as-of.
-- $1: tenant_key or null; $2: as_of (R10); $3: first second of the period; $4: seconds that an activity is looked for
-- before it and before the sessions, and a session before the activity; $5: whether a session occupies the second of its end.
insert into activity
with login as materialized (
    select f.sm_res_session_fact_key, f.start_date_time_key, f.resource_key, f.start_ts,
           case when f.end_ts is null or coalesce(f.active_flag, 0) <> 0 then greatest($2::bigint, f.start_ts + 1) + $5::boolean::integer
                else greatest(f.end_ts + $5::boolean::integer, f.start_ts + 1) end as until_ts
    from (
        select distinct on (sm_res_session_fact_key, start_date_time_key) *
        from sm_res_session_fact
        order by sm_res_session_fact_key, start_date_time_key, update_audit_key desc
    ) as f
    join media_type as m using (media_type_key)
    where m.media_name_code = 'VOICE'
      and ($1::bigint is null or f.tenant_key = $1::bigint)
      and (f.end_ts is null or coalesce(f.active_flag, 0) <> 0 or f.end_ts >= f.start_ts)
),
leg as (
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
           f.end_ts is null or coalesce(f.active_flag, 0) <> 0 as is_open,
           a.interaction_resource_id is not null as is_driven
    from leg as f
    left join attached as a on a.interaction_resource_id = f.interaction_resource_id
        and a.start_date_time_key = f.start_date_time_key
        and a.gsw_call_attempt_guid <> ''
    left join resource_ as d on d.resource_key = f.media_resource_key
    where a.interaction_resource_id is not null
       or d.switch_name <> ''
    union all
    select f.tenant_key, f.resource_key, null, f.start_ts, f.end_ts, f.end_ts is null, true
    from attempt as f
    join dialing_mode as m using (dialing_mode_key)
    where m.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
)
select d.resource_key,
       p.agent,
       d.switch_name,
       d.start_ts,
       greatest(case when d.is_open then coalesce(e.until_ts, $2::bigint) else d.end_ts end, d.start_ts + 1),
       d.is_driven
from driven as d
join person as p using (resource_key)
left join lateral (
    select max(l.until_ts) as until_ts
    from login as l
    where d.is_open
      and l.resource_key = d.resource_key
      and l.start_ts <= d.start_ts
      and l.until_ts > d.start_ts
      and (
          l.start_ts >= d.start_ts - $4::bigint
          or exists (
              select from session as s
              where s.session_key = l.sm_res_session_fact_key
                and s.start_date_time_key = l.start_date_time_key
          )
      )
) as e on true
where ($1::bigint is null or d.tenant_key = $1::bigint)
  and d.start_ts >= least($3::bigint, (select min(start_ts) from session)) - $4::bigint
  and (d.is_open or d.end_ts >= d.start_ts)
