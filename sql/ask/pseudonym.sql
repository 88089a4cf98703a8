-- name: pseudonym_agent
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

-- name: pseudonym_pseudonym
-- Grain: resource of a day, with what takes its place. Input: $rows (JSON).
create or replace table pseudonym as
select unnest(from_json($rows, '[{"resource_key": "bigint", "pseudonym": "bigint", "employee_id": "varchar", "resource_name": "varchar"}]'),
           recursive := true)

-- name: pseudonym_resource
-- Grain: resource of the one day in the scratch store: who it is, and whether a pattern of exclude_agents fits it,
-- as count/counted_agent asks it (R6). Input: $patterns.
with wildcard as (
    select replace(replace(replace(replace(replace(
               pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'), '?', '_') as wildcard
    from (select unnest($patterns::varchar[]) as pattern)
),
resource as (
    select resource_key
    from _data.agent
    union
    select resource_key
    from _data.voice_session
    union
    select resource_key
    from _data.ocs_activity
    union
    select resource_key
    from _data.other_leg
    union
    select resource_key
    from _data.other_session
)
select r.resource_key,
       coalesce(a.employee_id, '') as employee_id,
       exists (
           from wildcard as w
           where coalesce(a.employee_id, '') like w.wildcard escape '!'
              or coalesce(a.resource_name, '') like w.wildcard escape '!'
       ) as is_excluded
from resource as r
left join _data.agent as a using (resource_key)
order by r.resource_key

-- name: pseudonym_slice
-- In a scratch store, the hash of a slice gives way to that of its pseudonymized rows, or to a keyed one. Inputs: $day, $sha256.
update _data.slice
set sha256 = $sha256
where day = $day::date
