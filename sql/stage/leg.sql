-- Grain: OCS-driven leg of an agent (R3): the newest copy of the leg, where the newest copy of its attached
-- data holds an attempt GUID. An absent or empty switch name is unknown (R5).
-- Inputs: candidate_leg, repeated_leg, stage.gim.known_resource.
create or replace temp table leg as
with newest as (
    select c.*
    from candidate_leg as c
    anti join repeated_leg as r using (interaction_resource_id, start_date_time_key)
    union all
    (
        select c.*
        from candidate_leg as c
        semi join repeated_leg as r using (interaction_resource_id, start_date_time_key)
        qualify row_number() over (
            partition by c.interaction_resource_id, c.start_date_time_key
            order by c.update_audit_key desc nulls last, c.chunk desc, c.arrival desc,
                     c.data_audit_key desc nulls last, c.data_chunk desc, c.data_arrival desc
        ) = 1
    )
)
select 'leg' as kind,
       n.interaction_resource_id as activity_key,
       n.start_date_time_key,
       n.resource_key,
       n.start_ts,
       n.end_ts,
       n.active_flag,
       nullif(m.switch_name, '') as switch_name,
       n.gsw_call_attempt_guid as call_attempt_guid,
       null::varchar as dialing_mode_code,
       n.update_audit_key
from newest as n
join stage.gim.known_resource as a on a.resource_key = n.resource_key
    and a.resource_type_code = 'AGENT'
left join stage.gim.known_resource as m on m.resource_key = n.media_resource_key
where n.gsw_call_attempt_guid <> ''
