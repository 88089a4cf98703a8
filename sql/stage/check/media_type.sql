-- One row: how many rows the stage holds, and of each column how many values and their sum (of a text, the
-- sum of lengths in bytes), for comparison with what the source sent.
select count(*),
       count(media_type_key), coalesce(sum(media_type_key), 0)::varchar,
       count(media_name_code), coalesce(sum(strlen(media_name_code)), 0)::varchar
from _stage.gim.media_type
