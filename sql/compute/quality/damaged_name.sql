-- R11 damaged_name: agents, switches and attempts whose texts hold bytes that mean nothing in the source's encoding: the
-- reader wrote U+FFFD, x and the byte in their place (extract/text.go). Agents are told by resource_key. Looking for the one
-- character first spares nearly all rows the pattern.
-- Inputs: _data.agent, _data.ocs_activity; $day.
insert into _data.data_quality
with finding as (
    select 1 as sort_key,
           '#' || resource_key as example
    from _data.agent
    where day = $day::date
      and (contains(employee_id, chr(65533)) or contains(resource_name, chr(65533)))
      and (regexp_matches(employee_id, '\x{FFFD}x[89A-F][0-9A-F]')
           or regexp_matches(resource_name, '\x{FFFD}x[89A-F][0-9A-F]'))
    union all
    select distinct 2,
                    'switch ' || switch_name
    from _data.ocs_activity
    where day = $day::date
      and contains(switch_name, chr(65533))
      and regexp_matches(switch_name, '\x{FFFD}x[89A-F][0-9A-F]')
    union all
    select 3,
           kind || ' ' || activity_key
    from _data.ocs_activity
    where day = $day::date
      and contains(call_attempt_guid, chr(65533))
      and regexp_matches(call_attempt_guid, '\x{FFFD}x[89A-F][0-9A-F]')
)
select $day::date,
       'damaged_name',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
