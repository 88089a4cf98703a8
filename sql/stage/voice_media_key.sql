-- The keys of voice media, for the source to leave other media at home.
select media_type_key
from _stage.gim.voice_media
order by media_type_key
