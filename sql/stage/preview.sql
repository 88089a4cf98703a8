-- Grain: preview shown to an agent (R3): the newest copy of a contact attempt in a preview dialing mode. Its
-- switch is unknown.
-- Inputs: stage.gim.contact_attempt_fact, repeated_attempt, stage.gim.preview_mode, known_resource;
-- $key_from and $key_to bound the time key.
create or replace temp table preview as
with newest as (
    select f.*
    from stage.gim.contact_attempt_fact as f
    anti join repeated_attempt as r using (contact_attempt_fact_key, start_date_time_key)
    where f.start_date_time_key >= $key_from
      and f.start_date_time_key < $key_to
    union all
    (
        select f.*
        from stage.gim.contact_attempt_fact as f
        semi join repeated_attempt as r using (contact_attempt_fact_key, start_date_time_key)
        qualify row_number() over (
            partition by f.contact_attempt_fact_key, f.start_date_time_key
            order by f.update_audit_key desc nulls last, f.chunk desc, f.rowid desc
        ) = 1
    )
)
select 'preview' as kind,
       n.contact_attempt_fact_key as activity_key,
       n.start_date_time_key,
       n.resource_key,
       n.start_ts,
       n.end_ts,
       null::smallint as active_flag,
       null::varchar as switch_name,
       nullif(n.call_attempt_id, '') as call_attempt_guid,
       d.dialing_mode_code,
       n.update_audit_key
from newest as n
join stage.gim.preview_mode as d on d.dialing_mode_key = n.dialing_mode_key
join stage.gim.known_resource as a on a.resource_key = n.resource_key
    and a.resource_type_code = 'AGENT'
