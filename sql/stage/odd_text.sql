-- One row, or none: a staged text by which one sees that the tool that wrote the export spells what is no text: the word NULL, the
-- character NUL for an empty text (bcp), blanks up to the width of the column (sqlcmd). Each would be taken for a name.
-- Inputs: _stage.gim.media_type, dialing_mode, resource_, irf_user_data_gen_1, contact_attempt_fact.
with text as (
    select 'media_type' as table_name, chunk, 'media_name_code' as column_name, media_name_code as value, true as is_code
    from _stage.gim.media_type
    union all
    select 'dialing_mode', chunk, 'dialing_mode_code', dialing_mode_code, true
    from _stage.gim.dialing_mode
    union all
    select 'resource_', chunk, 'resource_type_code', resource_type_code, true
    from _stage.gim.resource_
    union all
    select 'resource_', chunk, 'employee_id', employee_id, false
    from _stage.gim.resource_
    union all
    select 'resource_', chunk, 'switch_name', switch_name, false
    from _stage.gim.resource_
    union all
    select 'irf_user_data_gen_1', chunk, 'gsw_call_attempt_guid', gsw_call_attempt_guid, true
    from _stage.gim.irf_user_data_gen_1
    union all
    select 'contact_attempt_fact', chunk, 'call_attempt_id', call_attempt_id, true
    from _stage.gim.contact_attempt_fact
)
select table_name,
       chunk,
       column_name,
       case
           when value = 'NULL' then 'the word NULL'
           when value = chr(0) then 'the character NUL'
           else 'filled up with blanks: "' || value || '"'
       end as what
from text
where value in ('NULL', chr(0))
   or is_code and value like '% '
order by table_name, chunk, column_name, what
limit 1
