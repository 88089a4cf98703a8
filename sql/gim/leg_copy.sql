-- Grain: leg by primary key, in all its copies: where the key is not known to be unique, one that was found by its time
-- may have a newer copy at another.
-- $1, $2: the legs' ids and time keys, pairwise.
select f.interaction_resource_id::bigint,
       f.start_date_time_key,
       f.resource_key,
       f.media_resource_key,
       f.start_ts,
       f.end_ts,
       f.active_flag::smallint,
       f.update_audit_key::bigint
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join interaction_resource_fact as f on f.interaction_resource_id = k.id
    and f.start_date_time_key = k.time_key
