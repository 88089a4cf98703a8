-- R11 common_guid: attempt GUIDs that stand for none: on legs of more than 5 agents of the slice, or put by the site's mapping
-- on calls that have none (R3). Their legs count all the same. GUIDs that few legs have are told apart by a number first:
-- nearly all are such, and texts take more room.
-- Inputs: _data.ocs_activity, _data.default_guid, counted_agent; $day.
insert into _data.data_quality
with repeated as (
    select hash(call_attempt_guid) as guid_hash
    from _data.ocs_activity
    where day = $day::date
      and kind = 'leg'
    group by guid_hash
    having count(*) > 5
    union
    select hash(call_attempt_guid)
    from _data.default_guid
    where day = $day::date
),
used as (
    select a.call_attempt_guid,
           count(*) as legs,
           count(distinct p.agent_id) as agents
    from _data.ocs_activity as a
    semi join repeated as r on r.guid_hash = hash(a.call_attempt_guid)
    join counted_agent as p using (resource_key)
    where a.day = $day::date
      and a.kind = 'leg'
    group by a.call_attempt_guid
),
finding as (
    select -u.legs as sort_key,
           u.call_attempt_guid || ' on ' || u.legs || case u.legs when 1 then ' leg of ' else ' legs of ' end
               || u.agents || case u.agents when 1 then ' agent' else ' agents' end as example
    from used as u
    left join _data.default_guid as d on d.day = $day::date
        and d.call_attempt_guid = u.call_attempt_guid
    where u.agents > 5
       or d.day is not null
)
select $day::date,
       'common_guid',
       false,
       (select count(*) from finding),
       coalesce((select list(example) from (select example from finding order by sort_key, example limit 20)), [])
