-- Grain: media type whose code is VOICE (R2), by its newest row. Names are localized, codes are not.
-- Input: _stage.gim.media_type.
create or replace table _stage.gim.voice_media as
with newest as (
    select media_type_key,
           media_name_code
    from _stage.gim.media_type
    qualify row_number() over (partition by media_type_key order by chunk desc, rowid desc) = 1
)
select media_type_key
from newest
where media_name_code = 'VOICE'
