-- In a scratch store, resources give way to their pseudonyms. Input: pseudonym.
update _data.{{.Name}} as t
set resource_key = p.pseudonym
from pseudonym as p
where p.resource_key = t.resource_key
