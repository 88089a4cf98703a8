-- Grain: copy of a given leg, of whatever tenant: the newest has to be chosen among all of them, also among those that
-- would not matter by themselves.
-- $1, $2: the legs' ids and time keys, pairwise.
select f.interaction_resource_id,
       f.start_date_time_key,
       f.resource_key,
       f.media_resource_key,
       f.start_ts,
       f.end_ts,
       f.active_flag,
       f.update_audit_key,
       f.tenant_key
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join {{.Schema}}.interaction_resource_fact as f on f.interaction_resource_id = k.id
    and f.start_date_time_key = k.time_key
