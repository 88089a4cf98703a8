-- Resources and employees give way to their pseudonyms; an employee_id that was empty stays empty (R6), and a name
-- is kept only in so far as it says that the agent is excluded, or that a byte of its texts was damaged (R11). Input: pseudonym.
update _data.agent as t
set resource_key = p.pseudonym,
    employee_id = case when coalesce(t.employee_id, '') = '' then t.employee_id else p.employee_id end,
    resource_name = nullif(p.resource_name || case
        when regexp_matches(concat_ws(' ', t.employee_id, t.resource_name), '\x{FFFD}x[89A-F][0-9A-F]') then chr(65533) || 'x80'
        else ''
    end, '')
from pseudonym as p
where p.resource_key = t.resource_key
