-- One row, or none: a staged fact whose media type or resource no chunk of an export describes. Where a chunk came without a dimension,
-- it is the rows in that which are missing: without them a session is no agent's, a leg on no switch. Keys below 0 stand for nothing.
-- Inputs: _stage.gim.sm_res_session_fact, interaction_resource_fact, contact_attempt_fact, media_type, resource_.
with fact as (
    select 'sm_res_session_fact' as table_name, sm_res_session_fact_key as id, unnest(['MEDIA_TYPE_KEY', 'RESOURCE_KEY']) as column_name,
           unnest([media_type_key, resource_key]) as key
    from _stage.gim.sm_res_session_fact
    union all
    select 'interaction_resource_fact', interaction_resource_id, unnest(['RESOURCE_KEY', 'MEDIA_RESOURCE_KEY']),
           unnest([resource_key, media_resource_key])
    from _stage.gim.interaction_resource_fact
    union all
    select 'contact_attempt_fact', contact_attempt_fact_key, 'RESOURCE_KEY', resource_key
    from _stage.gim.contact_attempt_fact
),
known as (
    select 'MEDIA_TYPE_KEY' as column_name, media_type_key as key
    from _stage.gim.media_type
    union all
    select unnest(['RESOURCE_KEY', 'MEDIA_RESOURCE_KEY']), resource_key
    from _stage.gim.resource_
)
select table_name,
       id,
       column_name,
       key
from fact
anti join known using (column_name, key)
where key >= 0
order by table_name, id, column_name
limit 1
