-- Media are told by their code, of which there may be several, and not by a name. A leg's media say nothing (R3).
insert into media_type (media_type_key, media_name, media_name_code)
values (8, 'Stimme', 'VOICE'), (9, 'VOICE', 'VOICEMAIL');

update sm_res_session_fact
set media_type_key = 8 + sm_res_session_fact_key % 2,
    update_audit_key = update_audit_key + 100000000000
where media_type_key = 1
  and sm_res_session_fact_key % 7 = 3;

update interaction_resource_fact
set media_type_key = 3,
    update_audit_key = update_audit_key + 100000000000
where interaction_resource_id % 11 = 2;
