-- Grain: dialing mode in which the agent sees the record before anything is dialled (R3), by its newest row.
-- Input: _stage.gim.dialing_mode.
create or replace table _stage.gim.preview_mode as
with newest as (
    select dialing_mode_key,
           dialing_mode_code
    from _stage.gim.dialing_mode
    qualify row_number() over (partition by dialing_mode_key order by chunk desc, rowid desc) = 1
)
select dialing_mode_key,
       dialing_mode_code
from newest
where dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')
