-- Grain: leg that begins before or after the day and can matter: it shares a second with a stay of its resource
-- there, or reaches past a second ($7) of its own, or has no end to tell by.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4, $5, $6: resources and their stays, from and to,
-- triple by triple, one stay for each resource; $7: least end_ts that matters in itself.
with candidate as (
    select f.interaction_resource_id,
           f.start_date_time_key,
           f.resource_key,
           f.media_resource_key,
           f.start_ts,
           f.end_ts,
           f.active_flag,
           f.update_audit_key,
           f.end_ts > $7::bigint
               or f.end_ts is null
               or f.active_flag <> 0
               or (f.start_ts < s.to_ts and greatest(f.end_ts, f.start_ts + 1) > s.from_ts) as matters
    from interaction_resource_fact as f
    left join unnest($4::bigint[], $5::bigint[], $6::bigint[]) as s (resource_key, from_ts, to_ts)
        on s.resource_key = f.resource_key
    where f.start_date_time_key >= $1::bigint
      and f.start_date_time_key < $2::bigint
      and ($3::bigint is null or f.tenant_key = $3::bigint)
)
select interaction_resource_id::bigint,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag::smallint,
       update_audit_key::bigint
from candidate
where matters
