-- Primary keys of the slice's activities that the source held twice in one chunk (R11 duplicate_key), among those staged.
insert into _data.duplicate_key
select $day::date,
       'interaction_resource_fact',
       r.interaction_resource_id || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_interaction_resource_fact as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'leg'
    and a.activity_key = r.interaction_resource_id
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
union all
select $day::date,
       'irf_user_data_gen_1',
       r.interaction_resource_id || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_irf_user_data_gen_1 as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'leg'
    and a.activity_key = r.interaction_resource_id
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
union all
select $day::date,
       'contact_attempt_fact',
       r.contact_attempt_fact_key || '/' || r.start_date_time_key,
       r.copies
from _stage.gim.repeated_contact_attempt_fact as r
join _data.ocs_activity as a on a.day = $day::date
    and a.kind = 'preview'
    and a.activity_key = r.contact_attempt_fact_key
    and a.start_date_time_key = r.start_date_time_key
where r.is_fault
order by all
