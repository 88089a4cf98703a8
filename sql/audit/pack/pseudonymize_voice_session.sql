-- Resources give way to their pseudonyms. Input: pseudonym.
update _data.voice_session as t
set resource_key = p.pseudonym
from pseudonym as p
where p.resource_key = t.resource_key
