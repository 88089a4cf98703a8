-- Resources and employees give way to their pseudonyms; an employee_id that was empty stays empty (R6), and a name
-- is kept only in so far as it says that the agent is excluded. Input: pseudonym.
update _data.agent as t
set resource_key = p.pseudonym,
    employee_id = case when coalesce(t.employee_id, '') = '' then t.employee_id else p.employee_id end,
    resource_name = nullif(p.resource_name, '')
from pseudonym as p
where p.resource_key = t.resource_key
