-- Grain: voice session of an agent (R2) that shares a second with the period in some region. Of a key that the GIM holds
-- twice the newest row counts (R11).
-- $1: tenant_key or null; $2: as_of (R10); $3: whether a session occupies the second of its end; $4: earliest
-- start; $5, $6: starts and ends of the period in the regions.
insert into session
with newest as (
    select distinct on (sm_res_session_fact_key, start_date_time_key) *,
           end_ts is null or coalesce(active_flag, 0) <> 0 as is_open
    from sm_res_session_fact
    order by sm_res_session_fact_key, start_date_time_key, update_audit_key desc
),
voice as (
    select f.*,
           case when f.is_open then greatest($2::bigint, f.start_ts + 1) + $3::boolean::integer
                else greatest(f.end_ts + $3::boolean::integer, f.start_ts + 1) end as until_ts
    from newest as f
    join media_type as m using (media_type_key)
    where m.media_name_code = 'VOICE'
      and ($1::bigint is null or f.tenant_key = $1::bigint)
      and f.start_ts >= $4::bigint
      and (f.is_open or f.end_ts >= f.start_ts)
)
select v.sm_res_session_fact_key,
       v.start_date_time_key,
       v.resource_key,
       p.agent,
       p.is_excluded,
       v.is_open,
       v.start_ts,
       v.until_ts
from voice as v
join person as p using (resource_key)
where exists (
    select from unnest($5::bigint[], $6::bigint[]) as d (start_ts, end_ts)
    where d.start_ts < d.end_ts
      and v.start_ts < d.end_ts
      and v.until_ts > d.start_ts
)
