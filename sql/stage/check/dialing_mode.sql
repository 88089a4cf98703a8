-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(dialing_mode_key), coalesce(sum(dialing_mode_key), 0)::varchar,
       count(dialing_mode_code), coalesce(sum(strlen(dialing_mode_code)), 0)::varchar
from _stage.gim.dialing_mode
