-- The keys of preview dialing modes, for the source to leave other attempts at home.
select dialing_mode_key
from _stage.gim.preview_mode
order by dialing_mode_key
